import { setImmediate } from "node:timers/promises";
import type { Report } from "../base/progress.ts";
import { dataInterrupted } from "./errors.ts";

/** Milliseconds of work after which others get their turn: memory of the native decoder only returns then, and Ctrl-C only arrives then. */
const slice = 20;

/**
 * For loops over files: `await pace(row)` before each. Mostly it returns at once; now and then it lets the event loop turn, reports
 * how far the work is, and throws `dataInterrupted` once the signal is aborted.
 */
export function createPace(options: {
  label: string;
  doing: string;
  total: number;
  report: Report;
  signal: AbortSignal | undefined;
}): (row: number) => Promise<void> | undefined {
  const { label, doing, total, report, signal } = options;
  let since = performance.now();
  const turn = async (row: number): Promise<void> => {
    report({ step: "data", label, done: row, total });
    await setImmediate();
    if (signal?.aborted === true) throw dataInterrupted({ doing }, { cause: signal.reason });
    since = performance.now();
  };
  return (row) => (row === 0 || performance.now() - since > slice ? turn(row) : undefined);
}
