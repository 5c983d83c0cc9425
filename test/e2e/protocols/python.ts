/** @file Other people's clients as they are published: each set in a virtual environment of its own, made once and kept outside the clone. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Path of a Python that has these packages; makes it where it is missing (a minute or two). Throws where there is no Python, or no way to the packages. */
export async function providePython(name: string, packages: readonly string[]): Promise<string> {
  const key = createHash("sha256").update(packages.join("\n")).digest("hex").slice(0, 12);
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway");
  const folder = join(cache, `clients-${name}-${key}`);
  const python = join(folder, "bin", "python");
  // Written last: a folder without it was cut short.
  const done = join(folder, ".complete");
  if (existsSync(done)) return python;
  await rm(folder, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  try {
    await run("python3", ["-m", "venv", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages], {
      maxBuffer: 16 << 20,
    });
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const why =
      code === "ENOENT" ? "there is no python3 on the PATH" : (stderr ?? "").split("\n").slice(-20).join("\n");
    throw new Error(`These tests run the clients ${packages.join(", ")}, and ${why}`, { cause: error });
  }
  await mkdir(`${done}.new`);
  await rename(`${done}.new`, done);
  return python;
}

/** Runs a script of this folder, or a module of the packages, and gives what it printed. Throws with its last words where it fails. */
export async function runPython(python: string, words: readonly string[]): Promise<string> {
  const args =
    words[0]?.endsWith(".py") === true
      ? [fileURLToPath(new URL(words[0], import.meta.url)), ...words.slice(1)]
      : [...words];
  try {
    // A proxy of the machine's must not come between.
    const env = { ...process.env, NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
    return (await run(python, args, { env, maxBuffer: 16 << 20, timeout: 120_000 })).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${words.join(" ")} failed:\n${stdout}\n${stderr.split("\n").slice(-30).join("\n")}`, {
      cause: error,
    });
  }
}
