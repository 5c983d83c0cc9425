/** @file Runs this folder's Python programs by the PyTorch that the benchmarks compare with, and reads what they wrote. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preparePeers } from "../../../bench/lib/peers.ts";

/** A folder with the program's files, and the JSON of its last line. */
export function runPython(program: string, options: object): { folder: string; told: unknown } {
  const folder = mkdtempSync(join(tmpdir(), "slipway-pytorch-"));
  const script = fileURLToPath(new URL(program, import.meta.url));
  const { status, stdout, stderr } = spawnSync(preparePeers(), [script, folder, JSON.stringify(options)], {
    encoding: "utf8",
    env: { ...process.env, OMP_WAIT_POLICY: "PASSIVE" },
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}\n${stderr}`);
  return { folder, told: JSON.parse(stdout.trim().split("\n").at(-1) ?? "") };
}

export function readFloats(path: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
}
