/** @file What runs on this machine for a project: `.slipway/run/local.json`. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { writeWhole } from "../../base/files.ts";

const stateSchema = z.object({
  pid: z.int().positive(),
  /** When the process started, as the system counts: a process number alone may be given to another one later. */
  born: z.string(),
  host: z.string(),
  port: z.int(),
  url: z.string(),
  /** Name of the app file: `1a2b….mjs`. */
  app: z.string(),
  /** Name and alias: `digits:champion`. */
  model: z.string(),
  /** Digest of the artifact that it served when this was written. */
  digest: z.string(),
  detached: z.boolean(),
  /** What was last verified through it, so that the same is not verified twice. */
  verified: z.string().optional(),
});

export type LocalState = z.infer<typeof stateSchema>;

export function statePath(root: string): string {
  return join(root, ".slipway", "run", "local.json");
}

export function logPath(root: string): string {
  return join(root, ".slipway", "run", "local.log");
}

/** The state, as long as its process lives; undefined where there is none, or the file is of no use any more. */
export function readLiveState(root: string): LocalState | undefined {
  const state = readState(root);
  return state !== undefined && readBirth(state.pid) === state.born ? state : undefined;
}

export function readState(root: string): LocalState | undefined {
  let text: string;
  try {
    text = readFileSync(statePath(root), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    // Written by another version, or cut short by a full disk: the server it named is found by its port, if it still runs.
    return undefined;
  }
}

export async function writeState(root: string, state: LocalState): Promise<void> {
  await writeWhole(statePath(root), `${JSON.stringify(state, undefined, 2)}\n`);
}

/** Removes the state if it is still that of `pid`: another server may have taken over. */
export async function removeState(root: string, pid: number): Promise<void> {
  if (readState(root)?.pid === pid) await rm(statePath(root), { force: true });
}

/** When a process started, in a form that only compares; undefined where it does not live. */
export function readBirth(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The command's name, in brackets, may hold anything; start time is the 20th field after it (proc(5), field 22).
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? undefined : fields[19];
    }
    process.kill(pid, 0);
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    // No such process, or it is not ours to look at: either way not our server.
    return undefined;
  }
}
