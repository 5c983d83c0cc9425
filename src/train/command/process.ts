/** @file Runs the training command: in a process group of its own, so that stopping it stops everything it started. */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { commandFailed, commandNotStarted, trainInterrupted } from "../errors.ts";
import { createLineReader } from "./output.ts";

export interface CommandRun {
  command: readonly string[];
  root: string;
  env: Readonly<Record<string, string>>;
  /** File that gets the whole output. */
  log: string;
  signal: AbortSignal;
  onLine: (line: string) => void;
}

/** Lines of output that an error quotes. */
const quoted = 15;
/** Milliseconds between asking a program to end and ending it, and for the rest of its output to arrive. */
const graceMs = 5000;
const drainMs = 1000;

/** Resolves with the last lines of its output when it ends with status 0; throws in every other case. */
export async function runCommand({ command, root, env, log, signal, onLine }: CommandRun): Promise<string> {
  const [program = "", ...args] = command;
  const shown = command.join(" ");
  const last: string[] = [];
  const child = spawn(program === "node" ? process.execPath : program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const file = createWriteStream(log);
  // The program's result does not hang on its log: a full disk shows when the model is written.
  file.on("error", () => {});
  const readers = [child.stdout, child.stderr].map((stream) => {
    const reader = createLineReader((line) => {
      last.push(line);
      if (last.length > quoted) last.shift();
      onLine(line);
    });
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      file.write(text);
      reader.push(text);
    });
    return reader;
  });
  const kill = (): void => killGroup(child, "SIGKILL");
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    killGroup(child, "SIGTERM");
    timer = setTimeout(kill, graceMs);
  };
  process.once("exit", kill);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    const { status, fault } = await ending(child);
    for (const reader of readers) reader.end();
    const output = last.join("\n");
    if (signal.aborted) throw trainInterrupted({ at: `while \`${shown}\` ran`, checkpoint: null });
    if (fault !== undefined)
      throw commandNotStarted({ command: shown, root, reason: toReason(program, fault) }, { cause: fault });
    if (status !== undefined) throw commandFailed({ command: shown, status, output, log });
    return output;
  } finally {
    clearTimeout(timer);
    process.off("exit", kill);
    signal.removeEventListener("abort", stop);
    // Whatever the program left running in its group goes with it.
    kill();
    child.stdout.destroy();
    child.stderr.destroy();
    await new Promise((resolve) => file.end(resolve));
  }
}

/** `status` is missing where it ended well; `fault` is there where it never began. */
function ending(child: ChildProcess): Promise<{ status?: string; fault?: NodeJS.ErrnoException }> {
  return new Promise((resolve) => {
    child.once("error", (fault) => resolve({ fault }));
    child.once("exit", (code, signal) => {
      const status =
        signal !== null
          ? `signal ${signal}${signal === "SIGKILL" ? " (out of memory, perhaps)" : ""}`
          : `status ${code}`;
      const end = (): void => resolve(code === 0 ? {} : { status });
      // Output still comes after the exit; something left in the background may hold it open for ever.
      const timer = setTimeout(end, drainMs);
      child.once("close", () => {
        clearTimeout(timer);
        end();
      });
    });
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    // Gone already: what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function toReason(program: string, fault: NodeJS.ErrnoException): string {
  if (fault.code === "ENOENT") return `there is no program \`${program}\``;
  if (fault.code === "EACCES") return `\`${program}\` may not be executed`;
  return fault.message;
}
