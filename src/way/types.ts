import type { Report } from "../base/progress.ts";

export type StepName = "data" | "train" | "gate" | "artifact" | "image" | "deploy" | "schedule" | "serve" | "verify";

/** How a step of the way ended. A step that fails throws instead. */
export interface StepOutcome {
  step: StepName;
  /** `kept`: it had been done for the same digests before, and was not done again. */
  outcome: "done" | "kept";
  /** For people, one line: `5,001 images, 10 labels · sha256:ab12…`. */
  text: string;
  seconds: number;
  /** The same as plain values, for `--json`. */
  facts: Readonly<Record<string, unknown>>;
}

export interface WayOptions {
  /** What is being done now. */
  report: Report;
  /** Each step as it ends. */
  onStep?: (outcome: StepOutcome) => void;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Continue an interrupted training from its checkpoint. */
  resume?: boolean;
  /** Train although a model of the same inputs is stored. */
  force?: boolean;
  /** Ask the loader of rows for generated ones. They are not locked. */
  sample?: boolean;
}
