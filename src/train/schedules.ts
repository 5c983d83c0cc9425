/** @file How the rate changes over a run, as users write it. What each gives at a step is in sequential/rate.ts. */
import { notNegative, number, positive, readOptions, share, shareOpen } from "./arguments.ts";
import type { Schedule } from "./types.ts";

type Of<K extends Schedule["kind"]> = Extract<Schedule, { kind: K }>;
type Options<K extends Schedule["kind"]> = Partial<Omit<Of<K>, "kind">>;

/** The optimizer's own rate throughout. */
export const constant = (): Of<"constant"> => ({ kind: "constant" });

/**
 * Falls along half a cosine from the full rate to `floor` of it at the last step, after a linear rise over `warmupEpochs`.
 * Default `{ warmupEpochs: 0, floor: 0 }`.
 */
export function cosine(options: Options<"cosine"> = {}): Of<"cosine"> {
  const checks = { warmupEpochs: notNegative, floor: share };
  return { kind: "cosine", ...readOptions("cosine", options, { warmupEpochs: 0, floor: 0 }, checks) };
}

/** Multiplies the rate by `factor` every `everyEpochs`. Default `{ everyEpochs: 5, factor: 0.5 }`. */
export function stepDecay(options: Options<"stepDecay"> = {}): Of<"stepDecay"> {
  const factor = number("a number over 0, at most 1", (value) => value > 0 && value <= 1);
  return {
    kind: "stepDecay",
    ...readOptions("stepDecay", options, { everyEpochs: 5, factor: 0.5 }, { everyEpochs: positive, factor }),
  };
}

/**
 * Rises along a cosine from `startFactor` to the full rate at `peakAt` of the run, then falls along one to `endFactor`
 * (Smith, 2018). Default `{ peakAt: 0.3, startFactor: 0.04, endFactor: 0.0001 }`.
 */
export function oneCycle(options: Options<"oneCycle"> = {}): Of<"oneCycle"> {
  const factor = number("a number from 0 to 1", (value) => value >= 0 && value <= 1);
  return {
    kind: "oneCycle",
    ...readOptions(
      "oneCycle",
      options,
      { peakAt: 0.3, startFactor: 0.04, endFactor: 0.0001 },
      { peakAt: shareOpen, startFactor: factor, endFactor: factor },
    ),
  };
}
