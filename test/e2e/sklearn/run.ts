import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preparePeers } from "../../../bench/lib/peers.ts";

/** Runs a program of this folder in a Python with scikit-learn, installed once for tests and benchmarks: JSON in, JSON out. */
export function askSklearn(program: string, input: unknown): unknown {
  const python = preparePeers("sklearn");
  const folder = mkdtempSync(join(tmpdir(), "slipway-sklearn-"));
  try {
    writeFileSync(join(folder, "in.json"), JSON.stringify(input));
    const script = fileURLToPath(new URL(program, import.meta.url));
    const { status, stderr } = spawnSync(python, [script, join(folder, "in.json"), join(folder, "out.json")], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
    const told: unknown = JSON.parse(readFileSync(join(folder, "out.json"), "utf8"));
    return told;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
