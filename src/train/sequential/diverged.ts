import type { SlipwayError } from "../../base/errors.ts";
import { trainDiverged } from "../errors.ts";
import type { EpochRecord } from "../types.ts";
import type { EpochEnd } from "./shard.ts";
import type { LoopSettings } from "./task.ts";

/** Names the step at which the loss stopped being a number, and the likeliest cause, from how the loss went until then. */
export function explainDivergence(
  trainer: LoopSettings,
  at: { epoch: number; end: EpochEnd; epochSteps: number; history: readonly EpochRecord[] },
): SlipwayError {
  const step = at.epoch * at.epochSteps + at.end.step;
  return trainDiverged({ epoch: at.epoch + 1, step, loss: String(at.end.loss), ...findCause(trainer, step, at) });
}

function findCause(
  { optimizer, layers, schedule }: LoopSettings,
  step: number,
  { end, history }: { end: EpochEnd; history: readonly EpochRecord[] },
): { cause: string; try: string } {
  const { rate, kind } = optimizer;
  const lower = `${kind}({ rate: ${Number((rate / 10).toPrecision(3))} })`;
  if (step === 1) {
    const normalised = layers.some((layer) => layer.kind === "batchNorm");
    return {
      cause: `the network's first output already overflows, before anything is learned${normalised ? "" : "; there is no batchNorm() to keep its size in bounds"}`,
      try: normalised
        ? "Take fewer or narrower layers."
        : "Put batchNorm() after the convolutions, or take fewer layers.",
    };
  }
  if (optimizer.weightDecay * rate >= 1) {
    return {
      cause: `rate × weightDecay is ${rate * optimizer.weightDecay}, which turns the weights over at every step`,
      try: "Set `weightDecay` to 0.01 or less.",
    };
  }
  if (step <= 50 && schedule.kind !== "oneCycle" && !(schedule.kind === "cosine" && schedule.warmupEpochs > 0)) {
    return {
      cause: `the rate ${rate} of ${kind} is too high for the first steps`,
      try: `Try ${lower}, or a rise over the first epoch: schedule: cosine({ warmupEpochs: 1 }).`,
    };
  }
  const lowest = Math.min(end.lowest, ...history.map(({ loss }) => loss));
  return {
    cause: `the rate ${rate} of ${kind} is too high: the loss had been down to ${lowest.toPrecision(3)}`,
    try: `Try ${lower}, or a schedule that falls, such as cosine().`,
  };
}
