/** @file What the training program tells whoever reads its log: one JSON object a line. Other lines are the trainer's own, and are passed over. */
import type { ProgressEvent, Report } from "../../base/progress.ts";
import type { Artifact } from "../../artifact/types.ts";
import type { StepOutcome } from "../types.ts";

export type JobEvent =
  | ({ type: "progress" } & ProgressEvent)
  | ({ type: "step" } & StepOutcome)
  | {
      type: "result";
      /** Of the artifact in the store. */
      digest: string;
      /** The artifact itself, for whoever cannot read that store. */
      artifact: Artifact;
      /** False: the store had a run of the same inputs. */
      trained: boolean;
      inputs: string;
    }
  | {
      type: "error";
      code: string;
      message: string;
      mend: string;
      exit: number;
      details?: Readonly<Record<string, unknown>>;
    };

/** Every line begins with it: what a library prints is not mistaken for ours. */
const mark = '{"type":"';
const types = ["progress", "step", "result", "error"];

/** The first member is `type`, so that `parseJobEvent` knows a line without reading it. */
export function printJobEvent(event: JobEvent): string {
  const { type, ...rest } = event;
  return JSON.stringify({ type, ...rest });
}

/** Undefined for a line that is no event. */
export function parseJobEvent(line: string): JobEvent | undefined {
  if (!line.startsWith(mark)) return undefined;
  try {
    const event = JSON.parse(line) as JobEvent;
    return types.includes(event.type) ? event : undefined;
  } catch {
    // Cut short when the pod ended.
    return undefined;
  }
}

/** Milliseconds between two events of one label: enough for a bar, and a log that stays small. */
const pause = 250;

/** Passes events on, but of those with one label only some; the last of a bar always. */
export function thin(report: Report, now: () => number = () => performance.now()): Report {
  let last = { key: "", at: -Infinity };
  return (event) => {
    const key = `${event.step} ${event.label}`;
    const ended = event.done !== undefined && event.done === event.total;
    if (key === last.key && !ended && now() - last.at < pause) return;
    last = { key, at: now() };
    report(event);
  };
}
