/** @file Trains several on the same rows, at once, and keeps the best. */
import type { Examples } from "../../data/types.ts";
import { experimentsWithoutMetric } from "../errors.ts";
import type { ExperimentsTrainer, TrainContext, Trained, Trainer } from "../types.ts";

/** One of several, as the lineage keeps it. */
export interface ExperimentRecord {
  trainer: string;
  parameters: Readonly<Record<string, unknown>>;
  seed: number;
  metrics: Readonly<Record<string, number>>;
}

/** `run` trains one. Throws `experimentsWithoutMetric`, and what a trainer throws: then the others are stopped. */
export async function trainExperiments(
  { trainers, metric, better, seed, validation }: ExperimentsTrainer,
  context: TrainContext<Examples>,
  run: (trainer: Trainer, context: TrainContext<Examples>) => Promise<Trained>,
): Promise<Trained> {
  const failed = new AbortController();
  let cause: { error: unknown } | undefined;
  const signal = AbortSignal.any([context.signal, failed.signal]);
  let done = 0;
  const settled = await Promise.allSettled(
    trainers.map(async (trainer) => {
      try {
        const trained = await run(trainer, { ...context, signal, report: () => {} });
        done++;
        const figures = { [metric]: (trained.metrics[metric] ?? Number.NaN).toFixed(4) };
        context.report({ step: "train", label: "experiments", done, total: trainers.length, figures });
        return trained;
      } catch (error) {
        // The first to fail is the cause; the others are stopped for it.
        cause ??= { error };
        failed.abort();
        throw error;
      }
    }),
  );
  if (cause !== undefined) throw cause.error;
  const all = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const records = all.map(({ parameters, seed: own, metrics }, index): ExperimentRecord => ({
    trainer: trainers[index]!.kind,
    parameters,
    seed: own,
    metrics,
  }));
  const best = pickBest(records, metric, better, context.split.validation.length > 0);
  const { model, signature, metrics, confusion, history } = all[best]!;
  return {
    model,
    signature,
    metrics,
    ...(confusion !== undefined && { confusion }),
    history,
    parameters: { experiments: records, best, metric, better, validation },
    seed,
  };
}

/** The place of the best, of equals the first; the first where nothing was validated. */
function pickBest(
  records: readonly ExperimentRecord[],
  metric: string,
  better: "higher" | "lower",
  judged: boolean,
): number {
  if (!judged) return 0;
  const values = records.map(({ metrics }) => metrics[metric]);
  const missing = values.findIndex((value) => value === undefined || Number.isNaN(value));
  if (missing !== -1)
    throw experimentsWithoutMetric({ metric, measured: Object.keys(records[missing]!.metrics).join(", ") });
  const numbers = values as number[];
  return numbers.indexOf(better === "higher" ? Math.max(...numbers) : Math.min(...numbers));
}
