/** @file What the loop trains: one network, its rows, and how an epoch's model is judged. Each kind of trainer that learns by steps makes one. */
import type { Digest } from "../../base/digest.ts";
import type { Pixels } from "../../data/types.ts";
import type { TrainingLoss } from "../../model/layers.ts";
import type { NetworkPlan } from "../../model/network.ts";
import type { NamedParameter, StepOptions } from "../step.ts";
import type { EpochRecord, SequentialTrainer, TrainContext, Trained } from "../types.ts";
import type { Targets } from "./aim.ts";

export type LoopSettings = Pick<
  SequentialTrainer,
  "layers" | "optimizer" | "schedule" | "augment" | "batch" | "epochs" | "seed" | "workers" | "engine" | "keep"
>;

/** The model of one epoch as it is served, and how it does on the validation rows. */
export interface Judged extends Pick<Trained, "model" | "signature" | "metrics">, Partial<Pick<Trained, "confusion">> {
  /** What goes into the epoch's record. */
  record: Partial<Pick<EpochRecord, "accuracy" | "validationLoss" | "meanAveragePrecision">>;
}

export interface Task {
  /** All of the trainer's, the kind among them. */
  settings: LoopSettings & { kind: string };
  context: Pick<TrainContext, "split" | "workspace" | "resume" | "report" | "signal">;
  /** Rows of the dataset. */
  count: number;
  images: Pixels;
  targets: Targets;
  network: NetworkPlan;
  loss: TrainingLoss;
  anchors?: StepOptions["anchors"];
  /** Of everything that the result depends on but the machine. */
  inputs: Digest;
  /** Exports the parameters, and runs the file on the validation rows with so many threads. */
  judge(learned: { parameters: readonly NamedParameter[]; statistics: Float32Array }, threads: number): Promise<Judged>;
}
