/** @file From a model's numbers to what a project's functions and the playground get. */
import type { Artifact } from "../artifact/types.ts";
import type { Classification, Detections, Outputs, Prediction } from "../project/types.ts";
import { memberAbsent, notFinite } from "./errors.ts";
import type { Face, OutputFace } from "./face.ts";
import type { Row } from "./runtime/ports.ts";
import { toJsonValues } from "./values.ts";

/** What is known of the request besides its row. */
export interface Sent {
  /** Size of the uploaded image, in pixels. */
  image?: { width: number; height: number };
}

/** Makes a model's results into predictions. The reader throws `notFinite`. */
export function createReader(
  artifact: Pick<Artifact, "name" | "signature">,
  { output }: Face,
): (result: Row, sent: Sent) => Prediction {
  const { name: model, signature } = artifact;
  if (output.kind === "probabilities") {
    const { index, labels } = output;
    const absent = absentMembers(model, "probabilities");
    return (result) => classify(model, labels, result.values[index] as Numbers, absent);
  }
  if (output.kind === "boxes") {
    const { index, labels } = output;
    const absent = absentMembers(model, "boxes");
    return (result, sent) =>
      detect({ model, labels, absent }, result.values[index] as Numbers, sent.image ?? { width: 1, height: 1 });
  }
  const absent = absentMembers(model, "outputs");
  return (result) => {
    const outputs = signature.outputs.map(({ name, datatype }, index) => [
      name,
      toOne(toJsonValues(datatype, result.values[index]!)),
    ]);
    return toOutputs(Object.fromEntries(outputs) as Record<string, unknown>, absent);
  };
}

type Numbers = Float32Array | Float64Array;

/** `probabilities` is made only when somebody asks: most routes answer with the label alone. */
export function classify(
  model: string,
  labels: readonly string[],
  row: Numbers,
  absent = absentMembers(model, "probabilities"),
): Prediction {
  let best = 0;
  let sum = 0;
  for (let index = 0; index < row.length; index++) {
    sum += row[index]!;
    if (row[index]! > row[best]!) best = index;
  }
  if (!Number.isFinite(sum)) throw notFinite({ model, wanted: "finite probabilities" });
  const own: Classification = {
    // In the literal it costs nothing; Object.setPrototypeOf costs a microsecond.
    // @ts-expect-error: it is no member
    __proto__: absent,
    label: labels[best]!,
    probability: toShort(row[best]!),
    get probabilities() {
      return Object.fromEntries(labels.map((label, index) => [label, toShort(row[index]!)]));
    },
  };
  return own as Prediction;
}

/** Rows of [class, score, left, top, right, bottom]; a score of 0 is padding. */
function detect(
  { model, labels, absent }: { model: string; labels: readonly string[]; absent: object },
  rows: Numbers,
  image: Detections["image"],
): Prediction {
  const found: { labels: string[]; classes: number[]; scores: number[]; boxes: [number, number, number, number][] } = {
    labels: [],
    classes: [],
    scores: [],
    boxes: [],
  };
  for (let at = 0; at + 6 <= rows.length; at += 6) {
    const [kind = 0, score = 0, ...box] = rows.subarray(at, at + 6);
    if (!Number.isFinite(score) || !box.every((corner) => Number.isFinite(corner)))
      throw notFinite({ model, wanted: "finite boxes" });
    if (score <= 0) continue;
    found.labels.push(labels[kind] ?? String(kind));
    found.classes.push(kind);
    found.scores.push(toShort(score));
    // Detectors put corners outside the image too; a drawing has to end at its edge.
    found.boxes.push(
      box.map((corner) => toShort(Math.min(1, Math.max(0, corner)))) as [number, number, number, number],
    );
  }
  // @ts-expect-error: it is no member
  const own: Detections = { __proto__: absent, ...found, image };
  return own as Prediction;
}

function toOutputs(outputs: Record<string, unknown>, absent: object): Prediction {
  // @ts-expect-error: it is no member
  const own: Outputs = { __proto__: absent, outputs };
  return own as Prediction;
}

/** An example of what such a model says, for descriptions. */
export function examplePrediction(model: string, output: OutputFace): Prediction {
  if (output.kind === "probabilities") {
    const row = new Float32Array(output.labels.length);
    row[0] = 1;
    return classify(model, output.labels, row);
  }
  if (output.kind === "boxes") {
    const kind = Math.min(1, output.labels.length - 1);
    const { labels } = output;
    const row = Float32Array.of(kind, 0.9, 0.25, 0.25, 0.75, 0.5);
    return detect({ model, labels, absent: absentMembers(model, "boxes") }, row, { width: 640, height: 480 });
  }
  return toOutputs({}, absentMembers(model, "outputs"));
}

/** The members that this kind of prediction has not, each an error that says so when it is asked for. */
function absentMembers(model: string, has: string): object {
  const made = {};
  for (const member of [
    "label",
    "probability",
    "probabilities",
    "labels",
    "classes",
    "scores",
    "boxes",
    "image",
    "outputs",
  ])
    Object.defineProperty(made, member, {
      get() {
        throw memberAbsent({ model, member, has, wanted: `a member of ${has}` });
      },
    });
  return made;
}

/** Float32 has seven digits to give; a double would show its rounding as news. */
function toShort(probability: number): number {
  return Number(probability.toPrecision(7));
}

/** The value of a row with one. */
function toOne(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : values;
}
