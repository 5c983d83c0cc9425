/** @file A row of the dataset as a caller would ask about it: an image as a form, a text or columns as JSON. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Corners, Dataset } from "../data/types.ts";
import { encodePng } from "../pixels/encode-png.ts";
import { toShortest } from "../serve/values.ts";
import { formOf } from "./upload.ts";

export interface Question {
  /** For messages: the file's name, or the row's place. */
  name: string;
  /** What should be answered. */
  label: string;
  /** What should be found, and where. */
  boxes?: readonly { label: string; corners: Corners }[];
  subject:
    | ImageSubject
    | { kind: "text"; text: string }
    | { kind: "features"; values: Readonly<Record<string, number>> };
}

interface ImageSubject {
  kind: "image";
  fileName: string;
  read: () => Promise<Uint8Array>;
}

export type QuestionKind = Question["subject"]["kind"];

/** What is sent. */
export interface Encoded {
  contentType: string;
  body: Uint8Array;
}

/** Which kind of question a dataset's rows are. */
export function kindOf({ kind }: Pick<Dataset, "kind">): QuestionKind {
  return kind === "text" ? "text" : kind === "table" ? "features" : "image";
}

export function listQuestions(dataset: Dataset, rows: Int32Array): Question[] {
  return Array.from(rows, (row) => {
    const { label, path, at } = dataset.entries[row]!;
    return { name: at ?? basename(path), label, ...boxesOf(dataset, row), subject: toSubject(dataset, row) };
  });
}

/** `field` is the member, or the part of the form; columns have none. */
export async function encodeQuestion({ subject }: Question, field: string): Promise<Encoded> {
  if (subject.kind === "image") return formOf({ field, path: subject.fileName, content: await subject.read() });
  const value = subject.kind === "text" ? { [field]: subject.text } : subject.values;
  return { contentType: "application/json", body: Buffer.from(JSON.stringify(value)) };
}

function boxesOf(dataset: Dataset, row: number): Pick<Question, "boxes"> {
  if (dataset.kind !== "boxes") return {};
  const { boxes, labels } = dataset;
  return { boxes: (boxes[row] ?? []).map(({ label, corners }) => ({ label: labels[label]!, corners })) };
}

function toSubject(dataset: Dataset, row: number): Question["subject"] {
  if (dataset.kind === "text") return { kind: "text", text: dataset.texts[row]! };
  if (dataset.kind === "table") {
    const { columns, values } = dataset;
    const cells = columns.map((column, i) => [column, toShortest(values[row * columns.length + i]!)] as const);
    return { kind: "features", values: Object.fromEntries(cells) };
  }
  const { path } = dataset.entries[row]!;
  const decoded = dataset.kind === "images" ? dataset.decoded : undefined;
  if (decoded === undefined)
    return { kind: "image", fileName: basename(path), read: () => readFile(join(dataset.folder, path)) };
  const { height, width, channels, pixels } = decoded;
  const size = height * width * channels;
  const own = pixels.subarray(row * size, (row + 1) * size);
  return { kind: "image", fileName: `${basename(path)}.png`, read: async () => encodePng(own, width, height) };
}
