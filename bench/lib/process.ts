/** @file Child processes of a benchmark: start, wait until they answer, weigh with all their children, end by id. */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

export interface Started {
  child: ChildProcess;
  /** What it printed last, for the message when it fails. */
  tail: () => string;
  stop: () => Promise<void>;
}

export function start(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Started {
  const child = spawn(command, args, {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: servers with workers are ended whole.
    detached: true,
  });
  let text = "";
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-4000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) signalGroup(child, "SIGTERM");
    const killer = setTimeout(() => signalGroup(child, "SIGKILL"), 5000);
    await ended;
    clearTimeout(killer);
    // Workers of a master that went first.
    signalGroup(child, "SIGKILL");
  };
  return { child, tail: () => text, stop };
}

/** Polls until `url` answers with success; returns the seconds since the call. */
export async function waitForAnswer(url: string, started: Started, limitSeconds = 120): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const ok = await fetch(url).then(
      (response) => response.body?.cancel().then(() => response.status < 500) ?? response.status < 500,
      () => false,
    );
    const seconds = (performance.now() - begun) / 1000;
    if (ok) return seconds;
    if (started.child.exitCode !== null || seconds > limitSeconds) {
      throw new Error(
        `${started.child.spawnargs.join(" ")} does not answer at ${url} after ${seconds.toFixed(0)} s\n${started.tail()}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resident memory of a process and all its descendants, in MB (10⁶ bytes), shared pages counted for each process (RSS). */
export function residentMegabytes(pid: number): number {
  const parents = new Map<number, number>();
  const sizes = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
      sizes.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  const belongs = (at: number): boolean => at === pid || (at > 1 && belongs(parents.get(at) ?? 0));
  let kilobytes = 0;
  for (const [at, size] of sizes) if (belongs(at)) kilobytes += size;
  return (kilobytes * 1024) / 1e6;
}

/** Samples memory until stopped; gives the highest sum seen. */
export function watchMemory(pid: number): () => number {
  let peak = residentMegabytes(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(pid));
  }, 500);
  return () => {
    clearInterval(timer);
    return Math.max(peak, residentMegabytes(pid));
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}

/** Runs a program to its end and reads the JSON of its last line. */
export async function runJson<T>(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<T> {
  const started = start(command, args, { env });
  let out = "";
  started.child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => started.child.once("close", resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}\n${started.tail()}`);
  const last = out.trim().split("\n").at(-1) ?? "";
  const value: T = JSON.parse(last);
  return value;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group has ended already.
  }
}
