/** @file Other people's clients as they are published, and their scripts here. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { provideEnvironment } from "../../virtual-environment.ts";

const run = promisify(execFile);

/** Path of a Python that has these packages. */
export function providePython(name: string, packages: readonly string[]): string {
  return provideEnvironment(`clients-${name}`, packages.join("\n"), packages);
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
