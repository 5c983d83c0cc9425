/** @file Judges a model as it is served: its own file, run by onnxruntime, on rows it was not trained on. */
import type { BoxExamples, Examples as AllExamples, FileExamples, Pixels } from "../data/types.ts";
import { createSession, type PlainTensor } from "../graph/run.ts";
import type { Signature, TensorSignature } from "../model/signature.ts";
import { prepareText } from "../model/text.ts";

/** Rows that a model can be asked about one by one. */
type Examples = Exclude<AllExamples, FileExamples | BoxExamples>;

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
  examples: Examples,
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
  examples: Examples,
  rows: Int32Array,
  threads: number,
): AsyncGenerator<{ row: number; probabilities: Float32Array }> {
  const input = signature.inputs[0];
  const output = signature.outputs.find(({ content }) => content?.kind === "probabilities");
  if (input === undefined || output === undefined) return;
  const session = await createSession(model, { name: "the trained model", threads, arena: false });
  const classes = examples.labels.length;
  try {
    for (let from = 0; from < rows.length; from += batch) {
      const part = rows.subarray(from, from + batch);
      const results = await session.run({ [input.name]: toTensor(examples, part, input) });
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

/** The rows as the input takes them, and as a server would give them to it. */
function toTensor(examples: Examples, rows: Int32Array, input: TensorSignature): PlainTensor {
  if (examples.kind === "text") {
    const options = input.content?.kind === "text" ? input.content : {};
    return {
      type: "string",
      shape: [rows.length],
      data: Array.from(rows, (row) => prepareText(examples.texts[row]!, options)),
    };
  }
  if (examples.kind === "table") {
    const width = examples.columns.length;
    return { type: "float32", shape: [rows.length, width], data: gather(examples.values, rows, width) };
  }
  return toImageTensor(examples, rows, input);
}

/** The rows' images as a model's input takes them: of its shape but for the rows, uint8 or float32, 0..255. */
export function toImageTensor(
  { pixels, height, width, channels }: Pixels,
  rows: Int32Array,
  input: Pick<TensorSignature, "datatype" | "shape">,
): PlainTensor {
  const shape = [rows.length, ...input.shape.slice(1)];
  const data = gather(pixels, rows, height * width * channels);
  return input.datatype === "FP32"
    ? { type: "float32", shape, data: Float32Array.from(data) }
    : { type: "uint8", shape, data };
}

function gather<T extends Uint8Array | Float32Array>(values: T, rows: Int32Array, width: number): T {
  const part = new (values.constructor as new (length: number) => T)(rows.length * width);
  for (const [i, row] of rows.entries()) part.set(values.subarray(row * width, (row + 1) * width), i * width);
  return part;
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
