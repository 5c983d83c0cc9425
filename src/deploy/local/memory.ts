import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

export interface Usage {
  /** Resident bytes. */
  memory?: number;
  /** RFC 3339. */
  startedAt?: string;
}

/** What a process uses; empty where it is gone or the system does not say. */
export function readUsage(pid: number): Usage {
  try {
    if (process.platform === "linux") {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      const startedAt = statSync(`/proc/${pid}`).ctime.toISOString();
      return { ...(kilobytes !== undefined && { memory: Number(kilobytes) * 1024 }), startedAt };
    }
    const [kilobytes = "", ...start] = execFileSync("ps", ["-o", "rss=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
    })
      .trim()
      .split(/\s+/);
    return { memory: Number(kilobytes) * 1024, startedAt: new Date(start.join(" ")).toISOString() };
  } catch {
    // It ended meanwhile, or it is not ours to look at: then there is nothing to show.
    return {};
  }
}
