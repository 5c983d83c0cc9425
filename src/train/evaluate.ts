/** @file Judges a model as it is served: its own file, run by onnxruntime, on rows it was not trained on. */
import type { ImageExamples } from "../data/types.ts";
import { createSession, type PlainTensor } from "../graph/run.ts";
import type { Signature } from "../model/signature.ts";

export interface Evaluation {
  /** Share of rows whose most probable label is theirs. */
  accuracy: number;
  /** Mean negative logarithm of the probability given to the right label. */
  loss: number;
  /** `confusion[label][predicted]`. */
  confusion: number[][];
  /** The sum of one row's numbers that is furthest from 1; NaN where any is. */
  worstSum: number;
}

/** Rows run at once: where onnxruntime is at its best for small images. */
const batch = 64;
/** A probability of 0 for the right label costs 18.4, not infinity. */
const leastProbability = 1e-8;

/**
 * Runs the rows through the model. It takes one image input (uint8 or float32, 0..255, NHWC) and gives one output of
 * probabilities. Undefined where there are no rows.
 */
export async function evaluate(
  model: Uint8Array,
  signature: Signature,
  examples: ImageExamples,
  rows: Int32Array,
  { threads }: { threads: number },
): Promise<Evaluation | undefined> {
  if (rows.length === 0) return undefined;
  const classes = examples.labels.length;
  const confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  let loss = 0;
  let worstSum = 1;
  for await (const { row, probabilities } of predict(model, signature, examples, rows, threads)) {
    const target = examples.targets[row] ?? 0;
    const counts = confusion[target];
    const best = indexOfLargest(probabilities);
    if (counts !== undefined) counts[best] = (counts[best] ?? 0) + 1;
    const sum = probabilities.reduce((all, probability) => all + probability, 0);
    if (Number.isNaN(sum) || Math.abs(sum - 1) > Math.abs(worstSum - 1)) worstSum = sum;
    loss -= Math.log(Math.max(probabilities[target] ?? 0, leastProbability));
  }
  const right = confusion.reduce((all, counts, label) => all + (counts[label] ?? 0), 0);
  return { accuracy: right / rows.length, loss: loss / rows.length, confusion, worstSum };
}

/** What goes into the lineage and the gate: accuracy, loss, and the accuracy of the label that fares worst. */
export function toMetrics({ accuracy, loss, confusion }: Evaluation): Record<string, number> {
  const shares = confusion.flatMap((counts, label) => {
    const rows = counts.reduce((all, count) => all + count, 0);
    return rows === 0 ? [] : [(counts[label] ?? 0) / rows];
  });
  return { accuracy, loss, lowestLabelAccuracy: Math.min(...shares) };
}

export async function* predict(
  model: Uint8Array,
  signature: Signature,
  examples: ImageExamples,
  rows: Int32Array,
  threads: number,
): AsyncGenerator<{ row: number; probabilities: Float32Array }> {
  const input = signature.inputs[0];
  const output = signature.outputs.find(({ content }) => content?.kind === "probabilities");
  if (input === undefined || output === undefined) return;
  const session = await createSession(model, { name: "the trained model", threads, arena: false });
  const classes = examples.labels.length;
  const size = examples.height * examples.width * examples.channels;
  try {
    for (let from = 0; from < rows.length; from += batch) {
      const part = rows.subarray(from, from + batch);
      const pixels = new Uint8Array(part.length * size);
      for (const [i, row] of part.entries())
        pixels.set(examples.pixels.subarray(row * size, (row + 1) * size), i * size);
      const shape = [part.length, ...input.shape.slice(1)];
      const image: PlainTensor =
        input.datatype === "FP32"
          ? { type: "float32", shape, data: Float32Array.from(pixels) }
          : { type: "uint8", shape, data: pixels };
      const results = await session.run({ [input.name]: image });
      const data = results[output.name]?.data as ArrayLike<number>;
      for (const [i, row] of part.entries()) {
        yield {
          row,
          probabilities: Float32Array.from({ length: classes }, (_, k) => data[i * classes + k] ?? Number.NaN),
        };
      }
    }
  } finally {
    await session.release();
  }
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
