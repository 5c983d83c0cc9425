/** @file Trains several on the same rows, at once, and keeps the best. */
import type { Examples } from "../../data/types.ts";
import type { ExperimentsTrainer, TrainContext, Trained, Trainer } from "../types.ts";
import { chooseExperiment } from "./choose.ts";

/** `run` trains one. Throws `experimentsWithoutMetric`, and what a trainer throws: then the others are stopped. */
export async function trainExperiments(
  experiments: ExperimentsTrainer,
  context: TrainContext<Examples>,
  run: (trainer: Trainer, context: TrainContext<Examples>) => Promise<Trained>,
): Promise<Trained> {
  const { trainers, metric, seed } = experiments;
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
  const { best, parameters } = chooseExperiment(experiments, all, context.split.validation.length > 0);
  const { model, signature, metrics, confusion, history } = all[best]!;
  return {
    model,
    signature,
    metrics,
    ...(confusion !== undefined && { confusion }),
    history,
    parameters,
    seed,
  };
}
