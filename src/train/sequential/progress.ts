import type { Report } from "../../base/progress.ts";
import type { EpochRecord } from "../types.ts";
import type { RunPlan } from "./shard.ts";
import { readSteps, type Shared } from "./shared.ts";

export interface Watch {
  /** To be called when an epoch begins at `step`, and with its record when it ends. */
  begin(epoch: number, step: number): void;
  end(record: EpochRecord): void;
  stop(): void;
}

/** Reports five times a second how far the workers are. The figures of accuracy are those of the last whole epoch. */
export function watch(shared: Shared, plan: RunPlan, report: Report): Watch {
  const total = plan.epochs * plan.epochSteps;
  let epoch = 0;
  let begun = { at: performance.now(), step: 0 };
  let last: EpochRecord | undefined;
  /** Milliseconds a step, over all that this process has run. */
  let pace: number | undefined;
  const show = (): void => {
    const step = Math.max(begun.step, readSteps(shared));
    const done = epoch * plan.epochSteps + step;
    const fresh = step - begun.step;
    const now = fresh > 0 ? (performance.now() - begun.at) / fresh : pace;
    const loss = step > 0 ? (shared.losses[shared.workers] ?? 0) / step : last?.loss;
    report({
      step: "train",
      label: `epoch ${Math.min(epoch + 1, plan.epochs)}/${plan.epochs}`,
      done,
      total,
      figures: {
        step: `${step}/${plan.epochSteps}`,
        ...(now !== undefined && { "samples/s": Math.round((plan.batch * 1000) / now).toLocaleString("en") }),
        ...(loss !== undefined && { loss: loss.toFixed(4) }),
        ...(last?.accuracy !== undefined && { accuracy: last.accuracy.toFixed(4) }),
        ...(last?.meanAveragePrecision !== undefined && { mAP: last.meanAveragePrecision.toFixed(4) }),
        ...(now !== undefined && { left: toDuration(((total - done) * (pace ?? now)) / 1000) }),
      },
    });
  };
  const timer = setInterval(show, 200);
  return {
    begin(nextEpoch, step) {
      epoch = nextEpoch;
      begun = { at: performance.now(), step };
      show();
    },
    end(record) {
      last = record;
      pace = (performance.now() - begun.at) / Math.max(1, plan.epochSteps - begun.step);
      show();
    },
    stop: () => clearInterval(timer),
  };
}

/** `41 s`, `3 min 20 s`, `2 h 5 min`. */
function toDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
