/** @file The training program of a pod: settings from the environment, events on stdout, the catalogue's exit codes, a checkpoint on SIGTERM. */
import { exitCodes, findSlipwayError } from "../../base/errors.ts";
import { jobFailed } from "../errors.ts";
import { printJobEvent, thin, type JobEvent } from "./events.ts";
import { runJob } from "./run.ts";
import { readJobSettings } from "./settings.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

try {
  const result = await runJob(readJobSettings(process.env), {
    report: thin((event) => say({ type: "progress", ...event })),
    onStep: (outcome) => say({ type: "step", ...outcome }),
    signal: stop.signal,
  });
  if (result !== undefined) {
    const { artifact, trained, inputs } = result;
    say({ type: "result", digest: artifact.digest, artifact, trained, inputs });
  }
} catch (error) {
  const known = findSlipwayError(error) ?? jobFailed({ reason: String(error) }, { cause: error });
  const { code, message, mend, exit, details } = known;
  say({ type: "error", code, message, mend, exit, details });
  if (known.code === jobFailed.code) process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = stop.signal.aborted ? exitCodes.interrupted : exit;
}

function say(event: JobEvent): void {
  process.stdout.write(`${printJobEvent(event)}\n`);
}
