/** @file The peers are real programs: a virtual environment made here, kept outside the clone and keyed by what it holds. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Path of a Python that has the peers of `bench/peers/<list>.txt` installed; makes it the first time (`requirements` is several GB:
 * PyTorch's wheel carries CUDA).
 */
export function preparePeers(list = "requirements"): string {
  const requirements = fileURLToPath(new URL(`../peers/${list}.txt`, import.meta.url));
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const key = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = join(cache, "slipway", `peers-${key}`);
  const python = join(folder, "bin", "python");
  const done = join(folder, ".complete");
  if (existsSync(done)) return python;
  process.stderr.write(`Installing the peers of ${list}.txt into ${folder} (once)…\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  must("python3", ["-m", "venv", folder]);
  must(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  must(python, ["-c", `open(${JSON.stringify(`${done}.new`)}, "w").close()`]);
  renameSync(`${done}.new`, done);
  return python;
}

function must(command: string, args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
  if (status !== 0)
    throw new Error(
      `${command} ${args.join(" ")} ended with ${status}: the peers cannot be installed; its message is above`,
    );
}
