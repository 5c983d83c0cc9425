import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { versions } from "node:process";

/** What a figure cannot be read without. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  platform: string;
  node: string;
  /** One-minute load average when the run began: above 0.5 the machine was not quiet. */
  load: number;
}

export function readMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()} ${release()}`,
    node: versions.node,
    load: readLoad(),
  };
}

function readLoad(): number {
  try {
    return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
  } catch {
    // Only Linux has /proc; elsewhere the figure is left open.
    return Number.NaN;
  }
}
