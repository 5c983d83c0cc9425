/** @file Processes that outlive this one, known by pid and start time, so that no stranger who got the same pid is ever touched. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, sleep, systemPath } from "./command.ts";

/** How a part is started. Kept beside its pid, so that it can be started again by someone who does not know the cluster's settings. */
export interface PartCommand {
  name: string;
  program: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Changes with files the process reads at its start only: then it is started anew. */
  inputs?: string;
  health: Health;
}

export type Health =
  | { kind: "http"; url: string }
  /** `ca` is not checked: these are certificates that the part made for itself, on this machine. */
  | { kind: "https"; url: string; certificate?: string; key?: string }
  | { kind: "socket"; path: string }
  | { kind: "tcp"; host: string; port: number }
  | { kind: "running" };

interface ProcessRecord {
  pid: number;
  /** Field 22 of /proc/<pid>/stat, in ticks since boot. */
  started: string;
  boot: string;
  command: string;
}

export interface RunningProcess {
  pid: number;
  /** Of the command it was started by. */
  command: string;
  isPaused: boolean;
  megabytes: number;
}

/** Starts it detached, its output at the end of `<folder>/logs/<name>.log`. */
export function startProcess(folder: string, part: PartCommand): number {
  for (const each of ["logs", "pids", "parts"]) mkdirSync(join(folder, each), { recursive: true });
  writeWhole(specPath(folder, part.name), JSON.stringify(part));
  const log = openSync(logPath(folder, part.name), "a");
  const child = spawn(part.program, part.args, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: systemPath(), HOME: folder, ...part.env },
  });
  closeSync(log);
  // A program that is not there has no pid, which is seen below; the event would end this process.
  child.once("error", () => {});
  child.unref();
  if (child.pid === undefined) throw new Error(`${part.name} could not be started: is there a ${part.program}?`);
  const record: ProcessRecord = {
    pid: child.pid,
    started: readStat(child.pid)?.started ?? "",
    boot: bootId(),
    command: fingerprint(part),
  };
  writeWhole(pidPath(folder, part.name), JSON.stringify(record));
  return child.pid;
}

/** Undefined where it does not run (any more). */
export function findProcess(folder: string, name: string): RunningProcess | undefined {
  const path = pidPath(folder, name);
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(readFileSync(path, "utf8")) as ProcessRecord;
  const stat = readStat(record.pid);
  if (stat === undefined || stat.state === "Z" || record.boot !== bootId() || stat.started !== record.started)
    return undefined;
  return {
    pid: record.pid,
    command: record.command,
    isPaused: stat.state === "T",
    megabytes: Math.round((stat.pages * 4096) / 1e6),
  };
}

/** SIGTERM, and SIGKILL after `patience` ms; 0 kills at once. Returns when it is gone. */
export async function stopProcess(folder: string, name: string, patience = 5000): Promise<void> {
  const running = findProcess(folder, name);
  if (running !== undefined) {
    signal(running.pid, patience === 0 ? "SIGKILL" : "SIGTERM");
    // A paused process takes no other signal.
    if (running.isPaused) signal(running.pid, "SIGCONT");
    if (!(await isGone(folder, name, patience))) {
      signal(running.pid, "SIGKILL");
      if (!(await isGone(folder, name, 10_000))) throw new Error(`${name} (pid ${running.pid}) does not end`);
    }
  }
  rmSync(pidPath(folder, name), { force: true });
}

export function signalProcess(folder: string, name: string, which: NodeJS.Signals): void {
  const running = findProcess(folder, name);
  if (running === undefined) throw new Error(`${name} does not run`);
  process.kill(running.pid, which);
}

export function readCommand(folder: string, name: string): PartCommand {
  const path = specPath(folder, name);
  if (!existsSync(path)) throw new Error(`The cluster has no part "${name}"`);
  return JSON.parse(readFileSync(path, "utf8")) as PartCommand;
}

export function fingerprint(part: PartCommand): string {
  return createHash("sha256").update(JSON.stringify(part)).digest("hex").slice(0, 16);
}

export function logTail(folder: string, name: string, lines = 20): string {
  const path = logPath(folder, name);
  return existsSync(path) ? lastLines(readFileSync(path, "utf8"), lines) : "(no log)";
}

async function isGone(folder: string, name: string, patience: number): Promise<boolean> {
  for (const end = Date.now() + patience; ; await sleep(20)) {
    if (findProcess(folder, name) === undefined) return true;
    if (Date.now() > end) return false;
  }
}

function signal(pid: number, which: NodeJS.Signals): void {
  try {
    process.kill(pid, which);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function readStat(pid: number): { state: string; started: string; pages: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces; after it comes field 3.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", started: fields[19] ?? "", pages: Number(fields[21]) };
  } catch {
    return undefined; // It ended between two looks.
  }
}

export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

const logPath = (folder: string, name: string) => join(folder, "logs", `${name}.log`);
const pidPath = (folder: string, name: string) => join(folder, "pids", `${name}.json`);
const specPath = (folder: string, name: string) => join(folder, "parts", `${name}.json`);
