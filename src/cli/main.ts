/** @file The command line: reads words, runs one command, prints its error, gives the exit code. */
import { CommanderError } from "commander";
import { exitCodes, findSlipwayError, messageOf, type SlipwayError } from "../base/errors.ts";
import { interrupted, systemRefused, unexpected } from "./errors.ts";
import { openIo } from "./io.ts";
import { buildProgram, type Chosen, completeWords, toUsageError } from "./program.ts";
import { type ErrorForm, printError } from "./view/error.ts";

/** Runs `words` (argv without node and script) and gives the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  endWithTheReader();
  const flags: ErrorForm = readFlags(words);
  try {
    const chosen = await parse(words);
    return chosen === undefined ? exitCodes.ok : await run(chosen, flags);
  } catch (error) {
    return fail(error, words, flags);
  }
}

async function parse(words: readonly string[]): Promise<Chosen | undefined> {
  // The protocol of the completion scripts: the words so far come after `complete --`.
  if (words[0] === "complete")
    return { definition: (await import("./commands/completion.ts")).complete, args: words.slice(1), options: {} };
  let chosen: Chosen | undefined;
  const whole = await completeWords(words);
  const program = await buildProgram(whole, (found) => (chosen = found));
  await program.parseAsync(whole, { from: "user" });
  return chosen;
}

async function run({ definition, args, options }: Chosen, flags: ErrorForm): Promise<number> {
  const stopped = new AbortController();
  let stoppedAt = 0;
  const stop = (): void => {
    // A second Ctrl-C waits for nothing; the same one, heard from the terminal and from a parent, is not a second.
    if (stopped.signal.aborted && performance.now() - stoppedAt > 300) process.exit(exitCodes.interrupted);
    if (stopped.signal.aborted) return;
    stoppedAt = performance.now();
    stopped.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  const io = openIo(options, stopped.signal);
  try {
    await definition.run?.(io, { args, options });
    return exitCodes.ok;
  } catch (error) {
    if (stopped.signal.aborted && findSlipwayError(error) === undefined)
      throw interrupted({ what: "stopped before it was done" }, { cause: error });
    throw error;
  } finally {
    io.close();
    flags.documented = io.documented();
    for (const signal of signals) process.removeListener(signal, stop);
  }
}

function fail(error: unknown, words: readonly string[], flags: ErrorForm): number {
  const refused = error instanceof CommanderError ? toUsageError(error, words) : error;
  if (refused === undefined) return exitCodes.ok;
  const known = findSlipwayError(refused) ?? toKnown(refused);
  printError(known, flags);
  return known.exit;
}

function toKnown(error: unknown): SlipwayError {
  if (error instanceof Error && "syscall" in error && "code" in error)
    return systemRefused({ reason: error.message, errno: String(error.code) }, { cause: error });
  return unexpected({ reason: messageOf(error) }, { cause: error });
}

/** Before the words are parsed, and when they cannot be: errors still come in the form that was asked for. */
function readFlags(words: readonly string[]): ErrorForm {
  const end = words.indexOf("--");
  const flags = new Set(end < 0 ? words : words.slice(0, end));
  return { json: flags.has("--json"), debug: flags.has("--debug") };
}

/** `slipway models list | head -1`: a reader that left is no fault. */
function endWithTheReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(exitCodes.ok);
      throw error;
    });
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
