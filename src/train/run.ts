import type { Examples } from "../data/types.ts";
import { trainerOfOtherData } from "./errors.ts";
import type { TrainContext, Trained, Trainer } from "./types.ts";

/** Runs a trainer of any kind on the examples. Each kind is loaded when it is needed. Throws `trainerOfOtherData`. */
export async function runTrainer(trainer: Trainer, context: TrainContext<Examples>): Promise<Trained> {
  return await (kinds[trainer.kind] as RunKind<Trainer>)(trainer, context);
}

type RunKind<T extends Trainer> = (trainer: T, context: TrainContext<Examples>) => Promise<Trained>;

/** One line for each kind of trainer. */
const kinds: { readonly [K in Trainer["kind"]]: RunKind<Extract<Trainer, { kind: K }>> } = {
  sequential: async (trainer, context) =>
    (await import("./sequential/run.ts")).trainSequential(trainer, requireKind("sequential", context, "images")),
  detector: async (trainer, context) =>
    (await import("./detector/run.ts")).trainDetector(trainer, requireKind("detector", context, "boxes")),
  command: async (trainer, context) =>
    (await import("./command/run.ts")).trainByCommand(trainer, requireKind("command", context, "images")),
  naiveBayes: async (trainer, context) =>
    (await import("./text/run.ts")).trainOnWords(trainer, requireKind("naiveBayes", context, "text")),
  logistic: async (trainer, context) =>
    (await import("./text/run.ts")).trainOnWords(trainer, requireKind("logistic", context, "text")),
  forest: async (trainer, context) =>
    (await import("./forest/run.ts")).trainForest(trainer, requireKind("forest", context, "table")),
  weights: async (trainer, context) =>
    (await import("./weights/run.ts")).trainByWeights(trainer, requireKind("weights", context, "file")),
  experiments: async (trainer, context) =>
    (await import("./experiments/run.ts")).trainExperiments(trainer, context, runTrainer),
};

export function requireKind<K extends Examples["kind"]>(
  trainer: Trainer["kind"],
  context: TrainContext<Examples>,
  wanted: K,
): TrainContext<Extract<Examples, { kind: K }>> {
  const { kind } = context.examples;
  if (kind !== wanted) throw trainerOfOtherData({ trainer, seen: kind, wanted });
  return context as TrainContext<Extract<Examples, { kind: K }>>;
}
