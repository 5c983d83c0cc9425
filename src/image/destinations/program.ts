/** @file Runs the program of a destination (`ctr`, `docker`, `kind`, …), fed by bytes of ours where it reads an archive. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BlobSource } from "../../oci/blob-source.ts";
import { importDenied, importFailed, importUnreachable, programMissing } from "../errors.ts";
import { readAll } from "../hash.ts";

/** A program with its first words: `["docker", "exec", "-i", "kind-worker", "ctr"]`. */
export type Program = readonly [string, ...string[]];

export interface ProgramOptions {
  /** For messages: what is to be reached by it. */
  destination: string;
  input?: BlobSource;
  /** Told how many bytes of the input have gone. */
  tell?: (done: number) => void;
  environment?: NodeJS.ProcessEnv | undefined;
  /** The command as messages show it. Default: as it is run. */
  show?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Runs it to its end; gives what it printed. Throws `programMissing`, `importDenied`, `importUnreachable`, `importFailed`, what
 * reading the input throws, and the signal's reason.
 */
export async function runProgram(
  [program, ...first]: Program,
  words: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  const { destination, environment = process.env, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(program, [...first, ...words], { env: environment, stdio: ["pipe", "pipe", "pipe"] });
  const stop = () => void child.kill();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const [feeding, ended, output, errors] = await Promise.all([
      feed(child, options),
      waitFor(child),
      collect(child.stdout),
      collect(child.stderr),
    ]);
    signal?.throwIfAborted();
    if (ended.missing) throw programMissing({ program, destination });
    if (feeding !== undefined) throw feeding;
    if (ended.code !== 0)
      throw explain(destination, options.show ?? [program, ...first, ...words].join(" "), errors || output, ended);
    return output;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Gives the error of reading the input, after which the program is ended. That the program stopped listening is told by its exit code. */
async function feed(child: Child, { input, tell }: ProgramOptions): Promise<Error | undefined> {
  let reading: Error | undefined;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (input === undefined) return;
    let done = 0;
    try {
      for await (const piece of readAll(input)) {
        yield piece;
        done += piece.byteLength;
        tell?.(done);
      }
    } catch (error) {
      reading = error as Error;
      throw error;
    }
  }
  await pipeline(Readable.from(pieces()), child.stdin).catch(() => {
    if (reading !== undefined) child.kill();
  });
  return reading;
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  missing: boolean;
}

function waitFor(child: Child): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  child.once("error", (error: NodeJS.ErrnoException) => {
    child.stdin.destroy();
    if (error.code === "ENOENT" || error.code === "EACCES") resolve({ code: null, signal: null, missing: true });
    else reject(error);
  });
  child.once("close", (code, signal) => resolve({ code, signal, missing: false }));
  return promise;
}

/** The end of what it says: programs that draw bars say much. */
async function collect(stream: Readable): Promise<string> {
  let text = "";
  for await (const piece of stream.setEncoding("utf8")) text = (text + String(piece)).slice(-limit);
  return text;
}

const limit = 1 << 20;

function explain(destination: string, command: string, said: string, { code, signal }: Ended): Error {
  const why = said.trim().split("\n").slice(-3).join("\n").slice(-600) || `it ended with ${code ?? signal}`;
  if (
    /permission denied|must be root|operation not permitted|password is required|not in the sudoers|host key verification failed/i.test(
      why,
    )
  )
    return importDenied({ destination, command, why });
  if (
    /no such file or directory|connection refused|cannot connect|is the docker daemon running|not running|deadline exceeded|could not resolve|timed out|no route to host/i.test(
      why,
    )
  )
    return importUnreachable({ destination, command, why });
  return importFailed({ destination, command, why });
}
