/** @file Python packages as they are published, for tests and benchmarks: virtual environments made once and kept outside the clone. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Path of a Python with the packages that `words` tell pip; makes it where it is missing (a minute or two, or more). It is kept under
 * the name and the digest of `holds`, which says what is in it. Throws where there is no Python, or no way to the packages.
 */
export function provideEnvironment(name: string, holds: string | Uint8Array, words: readonly string[]): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const key = createHash("sha256").update(holds).digest("hex").slice(0, 12);
  const folder = join(cache, "slipway", `${name}-${key}`);
  const python = join(folder, "bin", "python");
  // Written last: a folder without it was cut short.
  const done = join(folder, ".complete");
  if (existsSync(done)) return python;
  process.stderr.write(`Installing ${words.join(" ")} into ${folder} (once)…\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  must("python3", ["-m", "venv", folder]);
  must(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...words]);
  writeFileSync(done, "");
  return python;
}

function must(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  const why = error === undefined ? `ended with ${status}; its message is above` : `does not start: ${error.message}`;
  throw new Error(`${command} ${args.join(" ")} ${why}`);
}
