/** @file Which of several experiments is kept, and what is remembered of all. Pure: the same whether they ran in one process or each in a pod of its own. */
import { experimentsWithoutMetric } from "../errors.ts";
import type { ExperimentsTrainer, Trained } from "../types.ts";

/** One of several, as the lineage keeps it. */
export interface ExperimentRecord {
  trainer: string;
  parameters: Readonly<Record<string, unknown>>;
  seed: number;
  metrics: Readonly<Record<string, number>>;
}

/** One that could not be trained where each runs by itself. */
export interface FailedExperiment {
  trainer: string;
  /** What it said at its end. */
  failed: string;
}

export type ExperimentOutcome = Pick<Trained, "parameters" | "seed" | "metrics"> | { failed: string };

export interface ChosenExperiment {
  /** Place of the best in the list of trainers. */
  best: number;
  /** For the lineage of the run as a whole. */
  parameters: Readonly<Record<string, unknown>>;
}

/**
 * `outcomes` in the order of the trainers, at least one of them trained. Of equals the first is best; the first trained where nothing was validated
 * (`judged` is false). Throws `experimentsWithoutMetric`.
 */
export function chooseExperiment(
  { trainers, metric, better, validation }: ExperimentsTrainer,
  outcomes: readonly ExperimentOutcome[],
  judged: boolean,
): ChosenExperiment {
  const experiments = outcomes.map((outcome, index): ExperimentRecord | FailedExperiment => {
    const trainer = trainers[index]!.kind;
    if ("failed" in outcome) return { trainer, failed: outcome.failed };
    const { parameters, seed, metrics } = outcome;
    return { trainer, parameters, seed, metrics };
  });
  const best = pickBest(experiments, metric, better, judged);
  return { best, parameters: { experiments, best, metric, better, validation } };
}

function pickBest(
  records: readonly (ExperimentRecord | FailedExperiment)[],
  metric: string,
  better: "higher" | "lower",
  judged: boolean,
): number {
  const trained = records.flatMap((record, index) => ("failed" in record ? [] : [{ index, metrics: record.metrics }]));
  if (!judged) return trained[0]!.index;
  const values = trained.map(({ metrics }) => {
    const value = metrics[metric];
    if (value === undefined || Number.isNaN(value))
      throw experimentsWithoutMetric({ metric, measured: Object.keys(metrics).join(", ") });
    return value;
  });
  return trained[values.indexOf(better === "higher" ? Math.max(...values) : Math.min(...values))]!.index;
}
