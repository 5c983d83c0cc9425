/** @file From a trainer's settings to what each worker is started with. */
import { availableParallelism } from "node:os";
import type { StepOptions } from "../step.ts";
import type { Targets } from "./aim.ts";
import type { WorkerStart } from "./messages.ts";
import type { RunPlan } from "./shard.ts";
import { shardOf } from "./shared.ts";
import type { LoopSettings, Task } from "./task.ts";
import { stateCount } from "./update.ts";

/** What the workers are to do. `train` is copied to memory that threads share. */
export function toRunPlan(settings: LoopSettings, train: Int32Array): RunPlan {
  const rows = new Int32Array(new SharedArrayBuffer(4 * train.length));
  rows.set(train);
  const batch = Math.min(settings.batch, rows.length);
  const { optimizer, schedule, seed, epochs } = settings;
  return { optimizer, schedule, seed, rows, batch, epochs, epochSteps: Math.ceil(rows.length / batch) };
}

/** One per core, as far as each gets 8 rows of a batch: below that, exchanging gradients costs more than it saves. */
export function countWorkers({ workers }: LoopSettings, batch: number): number {
  if (workers > 0) return Math.min(workers, batch);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(batch / 8)));
}

export function describeWorkers(
  { settings, images, network, loss, anchors, targets: wanted }: Task,
  plan: RunPlan,
  workers: number,
  engine: WorkerStart["engine"],
): WorkerStart[] {
  const { channels, height, width } = images;
  const image = { channels, height, width };
  const learned = network.parameters.reduce(
    (all, { shape }) => all + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const perSlice = Math.ceil(Math.max(learned * 1.25, learned + 65_536) / workers);
  const scratch = (stateCount(settings.optimizer) + 2) * perSlice + 2 * channels * height * width + 1024;
  const pixels = toShared(images.pixels);
  const targets = shareTargets(wanted);
  return Array.from({ length: workers }, (_, index) => {
    const { from, to } = shardOf(plan.batch, workers, index);
    const step: StepOptions = {
      layers: settings.layers,
      loss,
      input: image,
      classes: network.classes,
      ...(anchors !== undefined && { anchors }),
      rows: to - from,
      batch: plan.batch,
      scratch,
    };
    return {
      index,
      engine,
      step,
      plan,
      feed: { pixels, targets, image, augment: settings.augment, seed: settings.seed },
    };
  });
}

function shareTargets(targets: Targets): Targets {
  if (targets.kind === "classes") return { ...targets, classes: toShared(targets.classes) };
  const { anchors, starts, classes, corners } = targets;
  return {
    kind: "boxes",
    anchors: toShared(anchors),
    starts: toShared(starts),
    classes: toShared(classes),
    corners: toShared(corners),
  };
}

/** Memory that threads see without a copy each. */
function toShared<T extends Uint8Array | Int32Array | Float32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
