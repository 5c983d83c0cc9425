/** @file `experiments([...])` as users write it: several trainers, of which the best one's model is kept. */
import { oneOf, share, show, whole } from "../arguments.ts";
import { trainerInvalid } from "../errors.ts";
import type { ExperimentsTrainer } from "../types.ts";

export interface ExperimentsOptions {
  /** Metric that decides. Default `"accuracy"`. */
  metric?: string;
  /** Which way is better. Default `"higher"`; `"lower"` for a loss. */
  better?: "higher" | "lower";
  /** The split is drawn from it. Default 1. */
  seed?: number;
  /** Share kept for validation, the same rows for all. Default 0.2. */
  validation?: number;
}

/**
 * Trains each of several at once on the same rows, and gives the model that is best on the same validation rows; of equals the first:
 * `experiments([forest({ trees: 50, depth: 3 }), forest({ trees: 100, depth: 5 })])`. What they say of `validation` themselves does not count.
 */
export function experiments(
  trainers: ExperimentsTrainer["trainers"],
  { metric = "accuracy", better, seed = 1, validation = 0.2, ...others }: ExperimentsOptions = {},
): ExperimentsTrainer {
  const direction = better ?? (/loss|error/i.test(metric) ? "lower" : "higher");
  const faults = [
    ...(Array.isArray(trainers) && trainers.length > 0
      ? []
      : [`trainers is ${show(trainers)}, wanted a list of trainers`]),
    ...(Array.isArray(trainers) ? trainers : []).flatMap((each, index) =>
      kinds.has((each as { kind?: unknown } | null)?.kind)
        ? []
        : [`trainers[${index}] is ${show(each)}, wanted forest(), naiveBayes() or logistic()`],
    ),
    ...(typeof metric === "string" && metric !== "" ? [] : [`metric is ${show(metric)}, wanted the name of a metric`]),
    ...told("better", direction, oneOf("higher", "lower")(direction)),
    ...told("seed", seed, whole(0, 0xffffffff)(seed)),
    ...told("validation", validation, share(validation)),
    ...Object.keys(others).map(
      (key) => `the key \`${key}\` is unknown, wanted one of metric, better, seed, validation`,
    ),
  ];
  if (faults.length > 0) throw trainerInvalid({ maker: "experiments", faults });
  return { kind: "experiments", trainers, metric, better: direction, seed, validation };
}

const kinds: ReadonlySet<unknown> = new Set<ExperimentsTrainer["trainers"][number]["kind"]>([
  "forest",
  "naiveBayes",
  "logistic",
]);

function told(argument: string, seen: unknown, wanted: string | undefined): string[] {
  return wanted === undefined ? [] : [`${argument} is ${show(seen)}, wanted ${wanted}`];
}
