import type { StepName, StepOutcome, WayOptions } from "./types.ts";

/** What a step gives: its value, and what is told of it. */
export interface Done<T> extends Told {
  value: T;
  /** It had been done for the same digests before. */
  kept?: boolean;
}

/** For people, one line; and the same as plain values. */
export interface Told {
  text: string;
  facts: Record<string, unknown>;
}

export type RunStep = <T>(step: StepName, work: () => Promise<Done<T>>) => Promise<T>;

/** Times a step, notes how it ended, and stops between two steps when asked to. */
export function createClock(steps: StepOutcome[], { onStep, signal }: Pick<WayOptions, "onStep" | "signal">): RunStep {
  return async (step, work) => {
    signal.throwIfAborted();
    const started = performance.now();
    const { value, kept = false, text, facts } = await work();
    const seconds = (performance.now() - started) / 1000;
    const outcome: StepOutcome = { step, outcome: kept ? "kept" : "done", text, seconds, facts };
    steps.push(outcome);
    onStep?.(outcome);
    return value;
  };
}
