/** @file Parts as processes with a health: started, waited for, stopped, and named when they fail. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "./command.ts";
import { isHealthy } from "./health.ts";
import {
  findProcess,
  fingerprint,
  logTail,
  readCommand,
  signalProcess,
  startProcess,
  stopProcess,
  type Health,
  type PartCommand,
} from "./process.ts";
import type { ClusterParts, PartStatus } from "./types.ts";

const readyMs = 90_000;

/** Makes it run and be healthy, as it is described here: started where it does not run, started anew where it runs in another way, woken where it is paused. */
export async function ensurePart(folder: string, part: PartCommand): Promise<void> {
  const running = findProcess(folder, part.name);
  if (running?.command === fingerprint(part)) {
    if (running.isPaused) signalProcess(folder, part.name, "SIGCONT");
    // It may be busy, or only be starting; what stays sick is started anew.
    if (await becomesHealthy(folder, part, 30_000)) return;
  }
  await stopProcess(folder, part.name);
  if (part.health.kind !== "running" && (await isHealthy(part.health)))
    throw new Error(`${part.name} cannot start: something else answers at ${describeHealth(part.health)}`);
  startProcess(folder, part);
  if (await becomesHealthy(folder, part, readyMs)) return;
  const how = findProcess(folder, part.name) === undefined ? "ended" : `is not healthy after ${readyMs / 1000} s`;
  throw new Error(`${part.name} ${how}. Its last lines:\n${logTail(folder, part.name)}`);
}

export function listParts(folder: string): string[] {
  try {
    const files = readdirSync(join(folder, "parts"));
    return files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export async function partStatus(folder: string, name: string): Promise<PartStatus> {
  const running = findProcess(folder, name);
  if (running === undefined) return { part: name, pid: undefined, state: "stopped", megabytes: 0 };
  const { pid, megabytes, isPaused } = running;
  if (isPaused) return { part: name, pid, state: "paused", megabytes };
  const { health } = readCommand(folder, name);
  return { part: name, pid, state: (await isHealthy(health)) ? "healthy" : "failing", megabytes };
}

/** What tests may do to the running parts. */
export function openParts(folder: string): ClusterParts {
  const start = async (part: string) => ensurePart(folder, readCommand(folder, part));
  const stop = async (part: string) => stopProcess(folder, readCommand(folder, part).name);
  return {
    names: listParts(folder),
    pause: async (part) => signalProcess(folder, part, "SIGSTOP"),
    resume: async (part) => signalProcess(folder, part, "SIGCONT"),
    stop,
    start,
    restart: async (part) => {
      await stop(part);
      await start(part);
    },
    kill: async (part) => stopProcess(folder, readCommand(folder, part).name, 0),
    pid: (part) => findProcess(folder, part)?.pid,
    logTail: (part, lines) => logTail(folder, part, lines),
  };
}

function describeHealth(health: Health): string {
  if (health.kind === "http" || health.kind === "https") return health.url;
  if (health.kind === "tcp") return `${health.host}:${health.port}`;
  return health.kind === "socket" ? health.path : "its place";
}

async function becomesHealthy(folder: string, part: PartCommand, patience: number): Promise<boolean> {
  for (const end = Date.now() + patience; ; await sleep(50)) {
    if (findProcess(folder, part.name) === undefined) return false;
    if (await isHealthy(part.health)) return true;
    if (Date.now() > end) return false;
  }
}
