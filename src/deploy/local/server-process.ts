/** @file A server as a child process: start, wait until it is ready, stop. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { exitCodes, SlipwayError } from "../../base/errors.ts";
import { locatePath } from "../../base/locate.ts";
import { serverFailed } from "../errors.ts";

export interface ServerOptions {
  host: string;
  port: number;
  appPath: string;
  storePath: string;
  /** What it serves and follows: `digits:champion`. Empty: the project's own, where it has one. */
  model: string;
  /** Leave it running after this process; it then logs to this file. */
  detachedLog?: string;
  /** Each line that it logs, while it is attached. */
  onLog?: (line: string) => void;
  signal: AbortSignal;
}

export interface ServerProcess {
  pid: number;
  /** The port it listens on. */
  port: number;
  /** Settles when it has ended. */
  exited: Promise<ServerExit>;
  /** SIGTERM, and SIGKILL where it does not end. Idempotent. */
  stop(): Promise<void>;
}

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Its last lines. */
  log: readonly string[];
}

/** Longer than any model takes to load; a server that hangs is named, not waited for. Milliseconds. */
const readyTimeout = 60_000;
/** More than the server's own time to drain. Milliseconds. */
const stopTimeout = 30_000;
/** Lines of its log that an error shows. */
const tailLength = 20;

/** Starts it and waits until it says that it is ready. Throws the server's own error, or `serverFailed` with its last lines. */
export async function startServerProcess(options: ServerOptions): Promise<ServerProcess> {
  options.signal.throwIfAborted();
  const detached = options.detachedLog !== undefined;
  const child = spawnServer(options);
  const tail = keepTail(child, options.onLog);
  const exited = new Promise<ServerExit>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, log: tail }));
    child.once("error", (error) => resolve({ code: 1, signal: null, log: [error.message] }));
  });
  const stop = (): Promise<void> => stopChild(child, exited);
  const abort = (): void => void stop();
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    const port = await waitForReady(child, exited, options);
    if (detached) child.unref();
    return { pid: child.pid ?? 0, port, exited, stop };
  } catch (error) {
    await stop();
    options.signal.throwIfAborted();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", abort);
  }
}

function spawnServer({ host, port, appPath, storePath, model, detachedLog }: ServerOptions): ChildProcess {
  const entry = locatePath(import.meta.url, "../../serve/main.ts", "server.js");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PORT: String(port),
    HOST: host,
    SLIPWAY_APP: appPath,
    SLIPWAY_STORE: storePath,
    SLIPWAY_MODEL: model,
  };
  // A session of its own: a terminal's Ctrl-C goes to the parent alone, which then stops the server in its own way. The
  // channel tells an attached server when its parent is gone, however that ended.
  if (detachedLog === undefined)
    return spawn(process.execPath, [entry], {
      env: { ...env, SLIPWAY_WITH_PARENT: "1", SLIPWAY_ANNOUNCE: "" },
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
  mkdirSync(dirname(detachedLog), { recursive: true });
  const log = openSync(detachedLog, "w");
  try {
    return spawn(process.execPath, [entry], {
      env: { ...env, SLIPWAY_WITH_PARENT: "", SLIPWAY_ANNOUNCE: "1" },
      detached: true,
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** The last lines that it wrote, kept up to date. */
function keepTail(child: ChildProcess, onLog: ServerOptions["onLog"]): string[] {
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      tail.push(line);
      if (tail.length > tailLength) tail.shift();
      onLog?.(line);
    });
  }
  return tail;
}

/** What src/serve/process.ts announces: over the channel, or as a line of the log where it is detached. */
const announcementSchema = z.discriminatedUnion("ready", [
  z.object({ ready: z.literal(true), port: z.int() }),
  z.object({
    ready: z.literal(false),
    error: z.object({ code: z.string(), message: z.string(), mend: z.string(), details: z.looseObject({}).optional() }),
  }),
]);

type Announcement = z.infer<typeof announcementSchema>;

async function waitForReady(child: ChildProcess, exited: Promise<ServerExit>, options: ServerOptions): Promise<number> {
  const { detachedLog } = options;
  const patience = new AbortController();
  const { signal } = patience;
  try {
    const announced: Promise<Announcement> =
      detachedLog === undefined ? listenToChannel(child) : followLog(detachedLog, signal);
    const late = sleep(readyTimeout, undefined, { signal, ref: false });
    const met = await Promise.race([announced, exited, late]);
    // It may have ended between two looks at its log: then its last words are there.
    const first = (detachedLog === undefined ? undefined : findAnnouncement(detachedLog)) ?? met;
    if (first !== undefined && "ready" in first) {
      if (first.ready) return first.port;
      const { details = {}, ...error } = first.error;
      throw new SlipwayError({ ...error, details, exit: exitCodes.target });
    }
    const log = detachedLog === undefined ? (first?.log ?? []) : readLines(detachedLog).slice(-tailLength);
    throw serverFailed({ how: describeEnd(first), log: log.map(shorten) });
  } finally {
    patience.abort();
  }
}

function describeEnd(exit: ServerExit | undefined): string {
  if (exit === undefined) return `was not ready within ${readyTimeout / 1000} s`;
  return `${exit.signal === null ? `ended with code ${exit.code}` : `was ended by ${exit.signal}`} before it was ready`;
}

function listenToChannel(child: ChildProcess): Promise<Announcement> {
  return new Promise((resolve) => {
    child.on("message", (message) => {
      const { data } = announcementSchema.safeParse(message);
      if (data !== undefined) resolve(data);
    });
  });
}

async function followLog(path: string, signal: AbortSignal): Promise<Announcement> {
  for (;;) {
    const found = findAnnouncement(path);
    if (found !== undefined) return found;
    await sleep(30, undefined, { signal });
  }
}

function findAnnouncement(path: string): Announcement | undefined {
  for (const line of readLines(path)) {
    const { data } = announcementSchema.safeParse(parseLine(line));
    if (data !== undefined) return data;
  }
  return undefined;
}

function readLines(path: string): string[] {
  return readFileSync(path, "utf8").split("\n").filter(Boolean);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Not every line is the server's own: a native library writes what it likes.
    return undefined;
  }
}

/** A JSON log line is shown by its message. */
function shorten(line: string): string {
  const { msg, message, err } = (parseLine(line) ?? {}) as {
    msg?: string;
    message?: string;
    err?: { message?: string };
  };
  return [msg, message ?? err?.message].filter(Boolean).join(": ") || line;
}

async function stopChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGTERM");
  const patience = new AbortController();
  const late = await Promise.race([
    exited.then(() => false),
    sleep(stopTimeout, true, { signal: patience.signal }).catch(() => false),
  ]);
  patience.abort();
  if (late) {
    child.kill("SIGKILL");
    await exited;
  }
}
