/** @file Trains the models over words: counts, a fit, one ONNX file, judged as it is served. */
import { setImmediate } from "node:timers/promises";
import type { TextExamples } from "../../data/types.ts";
import { fitBayes, type LinearTextModel } from "../../model/bayes/bayes.ts";
import { type Counts, countWords } from "../../model/bayes/counts.ts";
import { exportTextModel } from "../../model/bayes/export.ts";
import { fitLogistic } from "../../model/bayes/logistic.ts";
import { trainInterrupted, trainNoRows, trainNoWords } from "../errors.ts";
import { evaluate, toMetrics } from "../evaluate.ts";
import type { EpochRecord, LogisticTrainer, NaiveBayesTrainer, TrainContext, Trained } from "../types.ts";

/** Throws `trainNoRows`, `trainNoWords` or `trainInterrupted`. */
export async function trainOnWords(
  trainer: NaiveBayesTrainer | LogisticTrainer,
  context: TrainContext<TextExamples>,
): Promise<Trained> {
  const { examples, split, report, signal } = context;
  const { train, validation } = split;
  if (train.length === 0) throw trainNoRows({ rows: examples.count });
  report({ step: "train", label: "count words" });
  await allowInterrupt(signal);
  const texts = Array.from(train, (row) => examples.texts[row]!);
  const targets = train.map((row) => examples.targets[row]!);
  const counts = countWords(texts, trainer);
  if (counts.vocabulary.length === 0)
    throw trainNoWords({ texts: texts.length, minLength: trainer.tokenizer.minLength });
  const { model: fitted, history } = await fit(trainer, counts, targets, context);
  const { labels } = examples;
  const { model, signature } = exportTextModel({ model: fitted, tokenizer: trainer.tokenizer, labels });
  report({ step: "train", label: `check the model on ${validation.length} texts` });
  const evaluation = await evaluate(model, signature, examples, validation, { threads: 1 });
  const { kind: _, seed, ...parameters } = trainer;
  return {
    model,
    signature,
    ...(evaluation === undefined
      ? { metrics: { words: counts.vocabulary.length } }
      : {
          metrics: { ...toMetrics(evaluation), words: counts.vocabulary.length },
          confusion: evaluation.confusion,
        }),
    history,
    parameters,
    seed,
  };
}

async function fit(
  trainer: NaiveBayesTrainer | LogisticTrainer,
  counts: Counts,
  targets: Int32Array,
  { examples, report, signal }: TrainContext<TextExamples>,
): Promise<{ model: LinearTextModel; history: EpochRecord[] }> {
  const classes = examples.labels.length;
  if (trainer.kind === "naiveBayes") return { model: fitBayes(counts, targets, classes, trainer), history: [] };
  const history: EpochRecord[] = [];
  let before = performance.now();
  const model = await fitLogistic(counts, targets, classes, { ...trainer, tolerance: 1e-7 }, async (step, loss) => {
    const seconds = (performance.now() - before) / 1000;
    before = performance.now();
    history.push({ epoch: step, loss, samplesPerSecond: targets.length / Math.max(seconds, 1e-6), seconds });
    report({ step: "train", label: "fit", done: step, total: trainer.steps, figures: { loss: loss.toFixed(4) } });
    await allowInterrupt(signal);
  });
  return { model, history };
}

/** Lets Ctrl-C arrive. */
async function allowInterrupt(signal: AbortSignal): Promise<void> {
  await setImmediate();
  if (signal.aborted) throw trainInterrupted({ at: "before its model was there", checkpoint: null });
}
