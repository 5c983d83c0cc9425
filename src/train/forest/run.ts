/** @file Trains a forest: bins of the training rows, trees, one ONNX file, judged as it is served. */
import type { TableExamples } from "../../data/types.ts";
import { binColumns } from "../../model/forest/bin.ts";
import { exportForest } from "../../model/forest/export.ts";
import { trainInterrupted, trainNoRows } from "../errors.ts";
import { evaluate, toMetrics } from "../evaluate.ts";
import type { ForestTrainer, TrainContext, Trained } from "../types.ts";
import { growForest } from "./team.ts";

/** The same trainer and rows give the same bytes, on any number of threads. Throws `trainNoRows` or `trainInterrupted`. */
export async function trainForest(trainer: ForestTrainer, context: TrainContext<TableExamples>): Promise<Trained> {
  const { examples, split, report, signal } = context;
  const { train, validation } = split;
  if (train.length === 0) throw trainNoRows({ rows: examples.count });
  if (signal.aborted) throw trainInterrupted({ at: "before it began", checkpoint: null });
  const { columns, labels } = examples;
  const width = columns.length;
  // Nothing of the validation rows gets into the bins.
  const values = new Float32Array(train.length * width);
  const targets = new Uint16Array(new SharedArrayBuffer(2 * train.length));
  for (const [i, row] of train.entries()) {
    values.set(examples.values.subarray(row * width, (row + 1) * width), i * width);
    targets[i] = examples.targets[row]!;
  }
  const features = Math.min(
    width,
    trainer.features === 0 ? Math.max(1, Math.floor(Math.sqrt(width))) : trainer.features,
  );
  const { trees, depth, bins, minLeaf, seed, workers } = trainer;
  const grown = await growForest(
    {
      binned: binColumns(values, width, bins),
      targets,
      classes: labels.length,
      trees,
      options: { depth, features, minLeaf, seed },
    },
    { workers, signal, onTree: (done) => report({ step: "train", label: "grow trees", done, total: trees }) },
  );
  const { model, signature } = exportForest(grown, columns, labels);
  report({ step: "train", label: `check the model on ${validation.length} rows` });
  const evaluation = await evaluate(model, signature, examples, validation, { threads: 1 });
  const nodes = grown.trees.reduce((sum, { column }) => sum + column.length, 0);
  return {
    model,
    signature,
    ...(evaluation === undefined
      ? { metrics: { trees, nodes } }
      : { metrics: { ...toMetrics(evaluation), trees, nodes }, confusion: evaluation.confusion }),
    history: [],
    parameters: { trees, depth, bins, features, minLeaf, validation: trainer.validation },
    seed,
  };
}
