/** @file How the answers of an endpoint are marked: by the labels that they name, or by the boxes that they find. */
import type { Artifact } from "../artifact/types.ts";
import type { LabelledBox } from "../data/types.ts";
import { isDeepStrictEqual } from "node:util";
import type { Detections, ModelRoute, Prediction } from "../project/types.ts";
import type { FoundBox, Inspected } from "../train/detector/average-precision.ts";
import { toPrecisionMetrics } from "../train/detector/evaluate.ts";
import { createAnswerReader } from "./answers.ts";
import { verifyDiffers, verifyFindsOther } from "./errors.ts";
import type { Question } from "./question.ts";

export interface Marker {
  /** Whether the route's answers say enough; else the server's own route is asked. */
  readsRoute: boolean;
  /** Takes an answer that was not refused. What cannot be read counts as wrong. */
  mark(question: Question, answer: unknown): void;
  /** What came of all answers. */
  result(): Marks;
  /** Throws unless it is what the training run measured. */
  compare(url: string, count: number): void;
}

export interface Marks {
  metric: { name: string; value: number };
  /** Answers that named the right label. */
  correct?: number;
}

export async function createMarker(
  { signature, lineage }: Pick<Artifact, "signature" | "lineage">,
  route: Pick<ModelRoute, "output">,
): Promise<Marker> {
  for (const { content } of signature.outputs)
    if (content?.kind === "boxes") return markBoxes(content.labels, lineage.metrics, route);
  const found = signature.outputs.find(({ content }) => content?.kind === "probabilities")?.content;
  return markLabels(found?.kind === "probabilities" ? found.labels : [], lineage.metrics, route);
}

type Metrics = Artifact["lineage"]["metrics"];

async function markLabels(
  labels: readonly string[],
  { accuracy }: Metrics,
  route: Pick<ModelRoute, "output">,
): Promise<Marker> {
  const own = await createAnswerReader(route, labels);
  const read = own ?? (await createAnswerReader({}, labels));
  let [correct, asked] = [0, 0];
  return {
    readsRoute: own !== undefined,
    mark({ label }, answer) {
      asked++;
      if (read?.(answer) === label) correct++;
    },
    result: () => ({ metric: { name: "accuracy", value: correct / asked }, correct }),
    // Correct answers are whole numbers: the run's accuracy times its rows must be this count, not merely be near it.
    compare(url, count) {
      if (accuracy === undefined || !Number.isFinite(accuracy)) return;
      const wanted = Math.round(accuracy * count);
      if (correct !== wanted) throw verifyDiffers({ url, correct, wanted, count });
    },
  };
}

/** Two boxes of nearly one score may change places by the rounding of other batches; one box more or less moves the mean by more. */
const hair = 0.002;

async function markBoxes(
  labels: readonly string[],
  metrics: Metrics,
  route: Pick<ModelRoute, "output">,
): Promise<Marker> {
  const places = new Map(labels.map((label, index) => [label, index]));
  const images: Inspected[] = [];
  const measure = (): number => toPrecisionMetrics(images, labels.length)?.["meanAveragePrecision"] ?? Number.NaN;
  const placed = ({ label, corners }: { label: string; corners: LabelledBox["corners"] }): LabelledBox => ({
    label: places.get(label) ?? -1,
    corners,
  });
  return {
    readsRoute: await tellsBoxes(route),
    mark({ boxes = [] }, answer) {
      const found = readDetections(answer).map(({ score, ...box }): FoundBox => ({ score, ...placed(box) }));
      images.push({ found, wanted: boxes.map(placed) });
    },
    result: () => ({ metric: { name: "meanAveragePrecision", value: measure() } }),
    compare(url, count) {
      const [wanted, seen] = [metrics["meanAveragePrecision"], measure()];
      if (wanted === undefined || !Number.isFinite(wanted) || Math.abs(seen - wanted) <= hair) return;
      throw verifyFindsOther({ url, seen, wanted, count });
    },
  };
}

/** A route that leaves out what is unsure, or names things otherwise, cannot be measured by its answers. */
async function tellsBoxes({ output }: Pick<ModelRoute, "output">): Promise<boolean> {
  if (output === undefined) return true;
  const told = {
    labels: ["a", "a"],
    classes: [1, 1],
    scores: [0.875, 0.0625],
    boxes: [
      [0.125, 0.25, 0.375, 0.5],
      [0.5, 0.5, 0.75, 0.625],
    ],
    image: { width: 4, height: 2 },
  } as unknown as Detections;
  const answer = JSON.parse(JSON.stringify((await output(told as Prediction)) ?? null)) as Partial<Detections> | null;
  return (["labels", "scores", "boxes"] as const).every((name) => isDeepStrictEqual(answer?.[name], told[name]));
}

function readDetections(answer: unknown): { label: string; score: number; corners: LabelledBox["corners"] }[] {
  const { labels, scores, boxes } = (answer ?? {}) as Partial<Detections>;
  if (!Array.isArray(labels) || !Array.isArray(scores) || !Array.isArray(boxes)) return [];
  return boxes.map((corners: Detections["boxes"][number], index) => ({
    label: String(labels[index]),
    score: Number(scores[index]),
    corners,
  }));
}
