import type { Schedule } from "../types.ts";

/**
 * The schedule's factor on the optimizer's rate at one step. `step` counts from 0 over the whole run; `epochSteps` is an epoch's
 * steps, `steps` those of the run.
 */
export function rateFactor(
  schedule: Schedule,
  step: number,
  { epochSteps, steps }: { epochSteps: number; steps: number },
): number {
  if (schedule.kind === "constant") return 1;
  if (schedule.kind === "stepDecay") {
    return schedule.factor ** Math.floor(step / (schedule.everyEpochs * epochSteps));
  }
  const last = Math.max(1, steps - 1);
  if (schedule.kind === "cosine") {
    const warmup = Math.min(schedule.warmupEpochs * epochSteps, last);
    // The rise starts above 0 and reaches the full rate at the warm-up's end, so that no step is without effect.
    if (step < warmup) return (step + 1) / (warmup + 1);
    return alongCosine(1, schedule.floor, warmup === last ? 1 : (step - warmup) / (last - warmup));
  }
  const peak = Math.max(1, Math.round(schedule.peakAt * last));
  if (step <= peak) return alongCosine(schedule.startFactor, 1, step / peak);
  return alongCosine(1, schedule.endFactor, (step - peak) / (last - peak));
}

function alongCosine(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}
