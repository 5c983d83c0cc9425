/** @file From a trainer's settings to what each worker is started with. */
import { availableParallelism } from "node:os";
import type { NetworkPlan } from "../../model/network.ts";
import type { StepOptions } from "../step.ts";
import type { SequentialTrainer, TrainContext } from "../types.ts";
import type { WorkerStart } from "./messages.ts";
import type { RunPlan } from "./shard.ts";
import { shardOf } from "./shared.ts";
import { stateCount } from "./update.ts";

/** What the workers are to do. `train` is copied to memory that threads share. */
export function toRunPlan(trainer: SequentialTrainer, train: Int32Array): RunPlan {
  const rows = new Int32Array(new SharedArrayBuffer(4 * train.length));
  rows.set(train);
  const batch = Math.min(trainer.batch, rows.length);
  const { optimizer, schedule, seed, epochs } = trainer;
  return { optimizer, schedule, seed, rows, batch, epochs, epochSteps: Math.ceil(rows.length / batch) };
}

/** One per core, as far as each gets 8 rows of a batch: below that, exchanging gradients costs more than it saves. */
export function countWorkers({ workers }: SequentialTrainer, batch: number): number {
  if (workers > 0) return Math.min(workers, batch);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(batch / 8)));
}

export function describeWorkers(
  trainer: SequentialTrainer,
  { examples }: TrainContext,
  plan: RunPlan,
  workers: number,
  engine: WorkerStart["engine"],
  network: NetworkPlan,
): WorkerStart[] {
  const { channels, height, width } = examples;
  const image = { channels, height, width };
  const learned = network.parameters.reduce(
    (all, { shape }) => all + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const perSlice = Math.ceil(Math.max(learned * 1.25, learned + 65_536) / workers);
  const scratch = (stateCount(trainer.optimizer) + 2) * perSlice + 2 * channels * height * width + 1024;
  const pixels = toShared(examples.pixels);
  const targets = toShared(examples.targets);
  return Array.from({ length: workers }, (_, index) => {
    const { from, to } = shardOf(plan.batch, workers, index);
    const step: StepOptions = {
      layers: trainer.layers,
      loss: trainer.loss,
      input: image,
      classes: examples.labels.length,
      rows: to - from,
      batch: plan.batch,
      scratch,
    };
    return {
      index,
      engine,
      step,
      plan,
      feed: { pixels, targets, image, augment: trainer.augment, seed: trainer.seed },
    };
  });
}

/** Memory that threads see without a copy each. */
function toShared<T extends Uint8Array | Int32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const buffer = new SharedArrayBuffer(array.byteLength);
  const copy = (array instanceof Uint8Array ? new Uint8Array(buffer) : new Int32Array(buffer)) as T;
  copy.set(array);
  return copy;
}
