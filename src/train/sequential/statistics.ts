import type { RunPlan } from "./shard.ts";
import { type Shared, shardOf } from "./shared.ts";

/**
 * Each worker's running statistics are of its own shards. They follow the batches linearly, so one average at an epoch's end is
 * that of all batches. A run that is stopped within an epoch keeps them apart, to go on to the same bits.
 */
export function averageStatistics({
  shared,
  workers,
  plan,
}: {
  shared: Shared;
  workers: number;
  plan: Pick<RunPlan, "batch">;
}): void {
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
