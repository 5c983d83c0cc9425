/** @file Judges a detector as it is served: its own file, run by onnxruntime, on images it was not trained on. */
import type { BoxExamples } from "../../data/types.ts";
import { createSession, type PlainTensor } from "../../graph/run.ts";
import type { Signature } from "../../model/signature.ts";
import { toImageTensor } from "../evaluate.ts";
import { averagePrecision, type FoundBox, type Inspected } from "./average-precision.ts";

/** Images run at once. */
const batch = 16;

/**
 * `meanAveragePrecision`, and that of the label that fares worst. Undefined where there are no rows, no box in them, or the model gives no
 * boxes.
 */
export async function measureDetector(
  model: Uint8Array,
  signature: Signature,
  examples: BoxExamples,
  rows: Int32Array,
  { threads }: { threads: number },
): Promise<Readonly<Record<string, number>> | undefined> {
  const images: Inspected[] = [];
  for await (const { row, found } of detect(model, signature, examples, rows, threads))
    images.push({ found, wanted: examples.boxes[row] ?? [] });
  return toPrecisionMetrics(images, examples.labels.length);
}

export function toPrecisionMetrics(
  images: readonly Inspected[],
  classes: number,
): Readonly<Record<string, number>> | undefined {
  const { mean, byLabel } = averagePrecision(images, classes);
  if (Number.isNaN(mean)) return undefined;
  const measured = byLabel.filter((value) => value !== undefined);
  return { meanAveragePrecision: mean, lowestLabelAveragePrecision: Math.min(...measured) };
}

async function* detect(
  model: Uint8Array,
  signature: Signature,
  examples: BoxExamples,
  rows: Int32Array,
  threads: number,
): AsyncGenerator<{ row: number; found: FoundBox[] }> {
  const input = signature.inputs[0];
  const output = signature.outputs.find(({ content }) => content?.kind === "boxes");
  if (input === undefined || output?.content?.kind !== "boxes" || rows.length === 0) return;
  const { labels } = output.content;
  const places = labels.map((label) => examples.labels.indexOf(label));
  const session = await createSession(model, { name: "the trained model", threads, arena: false });
  try {
    // A file of one image at a time, as SSD300's, is asked about one at a time.
    const step = input.shape[0] === 1 ? 1 : batch;
    for (let from = 0; from < rows.length; from += step) {
      const part = rows.subarray(from, from + step);
      const results = await session.run({ [input.name]: toImageTensor(examples, part, input) });
      const { data, shape } = results[output.name] as PlainTensor & { data: Float32Array };
      const width = data.length / (shape[0] ?? 1);
      for (const [i, row] of part.entries())
        yield { row, found: readBoxes(data.subarray(i * width, (i + 1) * width), places) };
    }
  } finally {
    await session.release();
  }
}

/** Rows of [class, score, left, top, right, bottom] with a score, as the server hands them out: cut at the image's edge. */
function readBoxes(rows: Float32Array, places: readonly number[]): FoundBox[] {
  const found: FoundBox[] = [];
  const cut = (share: number): number => Math.min(1, Math.max(0, share));
  for (let at = 0; at + 6 <= rows.length; at += 6) {
    const [kind = 0, score = 0, left = 0, top = 0, right = 0, bottom = 0] = rows.subarray(at, at + 6);
    const label = places[kind] ?? -1;
    if (score > 0 && label >= 0) found.push({ label, score, corners: [cut(left), cut(top), cut(right), cut(bottom)] });
  }
  return found;
}
