/** @file crane, the reference reader of images: from the PATH, or built once from its Go module and kept outside the clone. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const version = "v0.20.3";

/** Undefined where there is neither crane nor Go to build it with. */
export async function provideCrane(): Promise<string | undefined> {
  if (canRun("crane", "version")) return "crane";
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "slipway", `bin-crane-${version}`);
  const binary = join(folder, "crane");
  if (existsSync(binary)) return binary;
  if (!canRun("go", "version")) return undefined;
  await mkdir(folder, { recursive: true });
  // Go renames the finished binary into place.
  await promisify(execFile)("go", ["install", `github.com/google/go-containerregistry/cmd/crane@${version}`], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" },
    maxBuffer: 16 << 20,
  });
  return binary;
}

export function canRun(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
