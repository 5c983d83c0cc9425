/** @file What the coordinator and its workers say to each other. */
import { SlipwayError } from "../../base/errors.ts";
import { trainWorkerFailed } from "../errors.ts";
import type { NamedParameter, StepOptions } from "../step.ts";
import type { Engine } from "./create-step.ts";
import type { FeedOptions } from "./feed.ts";
import type { EpochEnd, RunPlan } from "./shard.ts";
import type { Shared } from "./shared.ts";

/** What a worker is started with. */
export interface WorkerStart {
  index: number;
  engine: "auto" | Engine;
  step: StepOptions;
  feed: FeedOptions;
  plan: RunPlan;
}

export interface Opened {
  engine: Engine;
  /** Floats of parameters and of statistics, in the step's layout. */
  parameters: number;
  statistics: Float32Array;
}

/** Each request gets one answer, and the next is sent after it. */
export type Request =
  | { kind: "join"; shared: Shared }
  /** Puts named parameters into the shared memory, in the step's layout. */
  | { kind: "load"; parameters: readonly NamedParameter[] }
  | { kind: "epoch"; epoch: number; step: number }
  /** Names the parameters that are in the shared memory. */
  | { kind: "save" }
  | { kind: "close" };

export type Answer =
  | ({ kind: "opened" } & Opened)
  | { kind: "done" }
  | { kind: "epoch"; end: EpochEnd }
  | { kind: "saved"; parameters: NamedParameter[] }
  | { kind: "failed"; fault: Fault };

/** An error as it crosses threads: a structured clone would lose its code and mend. */
export type Fault = { known: ConstructorParameters<typeof SlipwayError>[0] } | { reason: string };

export function toFault(error: unknown): Fault {
  if (error instanceof SlipwayError) {
    const { code, message, mend, status, exit, details } = error;
    return { known: { code, message, mend, status, exit, details: structuredClone(details) } };
  }
  return { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function fromFault(fault: Fault, worker: number): SlipwayError {
  return "known" in fault ? new SlipwayError(fault.known) : trainWorkerFailed({ worker, reason: fault.reason });
}
