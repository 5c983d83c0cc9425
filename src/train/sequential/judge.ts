/** @file An epoch's end: the workers' parameters become the file that is served, and that file is judged. */
import { exportModel } from "../../model/export.ts";
import { evaluate, toMetrics } from "../evaluate.ts";
import type { SequentialTrainer, TrainContext, Trained } from "../types.ts";
import type { RunPlan } from "./shard.ts";
import { type Shared, shardOf } from "./shared.ts";
import type { Team } from "./team.ts";

/** The model of one epoch as it is served, and how it does on the validation rows. */
export type Judged = Pick<Trained, "model" | "signature" | "metrics"> & Partial<Pick<Trained, "confusion">>;

interface Judge {
  trainer: SequentialTrainer;
  context: TrainContext;
  plan: RunPlan;
  workers: number;
  shared: Shared;
  team: Team;
}

/** Exports what is in the shared memory, and runs the file on the validation rows. */
export async function judge({ trainer, context, shared, workers, team }: Judge): Promise<Judged> {
  const { examples, split } = context;
  const answer = await team.askFirst({ kind: "save" });
  const { model, signature } = exportModel({
    layers: trainer.layers,
    loss: trainer.loss,
    input: { channels: examples.channels, height: examples.height, width: examples.width },
    labels: examples.labels,
    parameters: answer.kind === "saved" ? answer.parameters : [],
    statistics: shared.statistics.slice(0, shared.statistics.length / workers),
  });
  const evaluation = await evaluate(model, signature, examples, split.validation, { threads: workers });
  if (evaluation === undefined) return { model, signature, metrics: {} };
  return { model, signature, metrics: toMetrics(evaluation), confusion: evaluation.confusion };
}

/**
 * Each worker's running statistics are of its own shards. They follow the batches linearly, so one average at an epoch's end is
 * that of all batches. A run that is stopped within an epoch keeps them apart, to go on to the same bits.
 */
export function averageStatistics({ shared, workers, plan }: Pick<Judge, "shared" | "workers" | "plan">): void {
  const length = shared.statistics.length / workers;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let k = 0; k < workers; k++) {
      const { from, to } = shardOf(plan.batch, workers, k);
      sum += ((shared.statistics[k * length + i] ?? 0) * (to - from)) / plan.batch;
    }
    for (let k = 0; k < workers; k++) shared.statistics[k * length + i] = sum;
  }
}
