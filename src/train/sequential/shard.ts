/** @file One worker's part of an epoch, step by step. */
import type { Step } from "../step.ts";
import type { Optimizer, Schedule } from "../types.ts";
import type { Exchange } from "./exchange.ts";
import type { Feed } from "./feed.ts";
import { hash32, orderRows, streams } from "./random.ts";
import { rateFactor } from "./rate.ts";
import { countSteps, createBarrier, decideStop, isStopDecided, type Shared, shardOf } from "./shared.ts";

export interface RunPlan {
  optimizer: Optimizer;
  schedule: Schedule;
  seed: number;
  /** Rows of the dataset to train on. */
  rows: Int32Array;
  batch: number;
  epochs: number;
  epochSteps: number;
}

/** How an epoch ended: all steps done, stopped after `step` of them, or diverged at it (counted from 1). */
export interface EpochEnd {
  step: number;
  ended: "whole" | "stopped" | "diverged";
  /** The last step's loss over the whole batch. */
  loss: number;
  /** The smallest loss of a step since the epoch's start or continuation. */
  lowest: number;
}

/** Runs an epoch's steps from `firstStep` on. Epochs and steps count from 0. */
export type RunEpoch = (epoch: number, firstStep: number) => Promise<EpochEnd>;

export function createShard(
  step: Step,
  shared: Shared,
  me: number,
  plan: RunPlan,
  exchange: Exchange,
  feed: Feed,
): RunEpoch {
  const barrier = createBarrier(shared);
  const shard = shardOf(plan.batch, shared.workers, me);
  const steps = plan.epochSteps * plan.epochs;
  const { losses } = shared;
  return async (epoch, firstStep) => {
    const order = orderRows(plan.rows, plan.batch, plan.seed, epoch);
    let loss = Number.NaN;
    let lowest = Number.POSITIVE_INFINITY;
    for (let at = firstStep; at < plan.epochSteps; at++) {
      const number = epoch * plan.epochSteps + at;
      const batch = order.subarray(at * plan.batch, (at + 1) * plan.batch);
      feed(batch.subarray(shard.from, shard.to), batch, epoch);
      losses[me] = await step.run({ seed: hash32(plan.seed, streams.dropout, number, me), train: true });
      if (me === 0) decideStop(shared);
      exchange.scatter();
      barrier();
      loss = 0;
      for (let k = 0; k < shared.workers; k++) loss += losses[k] ?? 0;
      if (!Number.isFinite(loss)) return { step: at + 1, ended: "diverged", loss, lowest };
      lowest = Math.min(lowest, loss);
      exchange.update(rateFactor(plan.schedule, number, { epochSteps: plan.epochSteps, steps }), number + 1);
      const stop = isStopDecided(shared);
      barrier();
      exchange.gather();
      if (me === 0) {
        losses[shared.workers] = (losses[shared.workers] ?? 0) + loss;
        countSteps(shared, at + 1);
      }
      if (stop && at + 1 < plan.epochSteps) {
        exchange.keep();
        return { step: at + 1, ended: "stopped", loss, lowest };
      }
    }
    exchange.keep();
    const ended = exchange.isFinite() ? "whole" : "diverged";
    return { step: plan.epochSteps, ended, loss: ended === "whole" ? loss : Number.NaN, lowest };
  };
}
