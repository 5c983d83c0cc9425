import { hash } from "node:crypto";
import type { Report } from "../base/progress.ts";
import { silent } from "../base/progress.ts";
import { decodeImage, decodeImageAside } from "../pixels/decode.ts";
import { readImageHeader } from "../pixels/header.ts";
import { datasetTooBig } from "./errors.ts";
import { toFaultReport, toImageFault } from "./faults.ts";
import { createPace } from "./pace.ts";
import { readWhole } from "./read.ts";
import { type Decoding, decodeOptionsOf } from "./source.ts";
import type {
  BoxDataset,
  BoxExamples,
  Dataset,
  DatasetEntry,
  DatasetFault,
  Examples,
  ImageDataset,
  ImageExamples,
  ImageFolderSource,
  Pixels,
  TableDataset,
  TableExamples,
  TextDataset,
  TextExamples,
} from "./types.ts";
import { toUnreadable } from "./walk.ts";

export interface LoadOptions {
  report?: Report;
  signal?: AbortSignal;
}

/**
 * The rows as trainers take them, in memory that worker threads share. Image files are decoded here; each is checked against its digest
 * again, so that the pixels are those of `dataset.digest`. Throws `datasetFaulty` with every file that cannot be decoded, `datasetTooBig`
 * or `dataInterrupted`.
 */
export function loadExamples(dataset: ImageDataset, options?: LoadOptions): Promise<ImageExamples>;
export function loadExamples(dataset: BoxDataset, options?: LoadOptions): Promise<BoxExamples>;
export function loadExamples(
  dataset: TextDataset | TableDataset,
  options?: LoadOptions,
): Promise<TextExamples | TableExamples>;
export function loadExamples(dataset: Dataset, options?: LoadOptions): Promise<Examples>;
export async function loadExamples(dataset: Dataset, options: LoadOptions = {}): Promise<Examples> {
  const { labels, entries } = dataset;
  if (dataset.kind === "boxes") {
    const { boxes } = dataset;
    return { kind: "boxes", count: entries.length, labels, boxes, ...(await loadBoxPixels(dataset, options)) };
  }
  const base = { count: entries.length, labels, targets: toTargets(dataset) };
  if (dataset.kind === "text") return { kind: "text", ...base, texts: dataset.texts };
  if (dataset.kind === "images") return { kind: "images", ...base, ...(await loadPixels(dataset, options)) };
  if (dataset.kind === "file") return { kind: "file", ...base, path: dataset.path };
  const { columns, values, times } = dataset;
  return { kind: "table", ...base, columns, values, ...(times !== undefined && { times }) };
}

async function loadPixels({ folder, entries, source, decoded }: ImageDataset, options: LoadOptions): Promise<Pixels> {
  if (decoded !== undefined) return decoded;
  // Only folders come without pixels.
  return await decodeAll({ folder, entries, source: source as ImageFolderSource }, options);
}

/** An entry's digest covers its boxes too; that of the image alone is its file's. */
async function loadBoxPixels({ folder, entries, files, source }: BoxDataset, options: LoadOptions): Promise<Pixels> {
  const images = new Map(files.map(({ path, digest }) => [path, digest]));
  const alone = entries.map((entry) => ({ ...entry, digest: images.get(entry.path) ?? entry.digest }));
  return await decodeAll({ folder, entries: alone, source: { ...source, otherSizes: "resize" } }, options);
}

async function decodeAll(from: Encoded, options: LoadOptions): Promise<Pixels> {
  const { size, channels } = from.source;
  const [height, width] = size;
  const row = height * width * channels;
  const pixels = new Uint8Array(allocateShared(from.entries.length, row));
  const faults = await decodeEntries(from, {
    ...options,
    take: (index, image) => pixels.set(image, index * row),
  });
  if (faults.length > 0) throw toFaultReport(from.folder, faults);
  return { height, width, channels, pixels };
}

function toTargets({ labels, entries }: Pick<Dataset, "labels" | "entries">): Int32Array {
  const classes = new Map(labels.map((label, index) => [label, index]));
  const targets = new Int32Array(new SharedArrayBuffer(entries.length * Int32Array.BYTES_PER_ELEMENT));
  for (const [index, { label }] of entries.entries()) targets[index] = classes.get(label)!;
  return targets;
}

/** Files of images, and what they are to become. */
interface Encoded {
  folder: string;
  entries: readonly DatasetEntry[];
  source: Decoding;
}

/** Images from this many pixels on are decoded by libuv's threads, several at a time; for smaller ones the way there costs more. */
const aside = 128 * 128;
const mostInFlight = 4;

/** Hands every decoded image to `take` and returns what could not be decoded. Rows may come out of order. */
export async function decodeEntries(
  { folder, entries, source }: Encoded,
  { take, report = silent, signal }: LoadOptions & { take: (row: number, pixels: Uint8Array) => void },
): Promise<DatasetFault[]> {
  const faults: DatasetFault[] = [];
  const inFlight = new Set<Promise<void>>();
  const options = decodeOptionsOf(source);
  const pace = createPace({ label: "decode images", doing: "decoding images", total: entries.length, report, signal });
  for (const [row, entry] of entries.entries()) {
    await pace(row);
    const read = readUnchanged(folder, entry);
    if ("fault" in read) faults.push(read.fault);
    else if (!isLarge(read.bytes)) {
      try {
        take(row, decodeImage(read.bytes, options));
      } catch (error) {
        faults.push(toImageFault(entry.path, error));
      }
    } else {
      const work = decodeImageAside(read.bytes.slice(), options)
        .then(
          (pixels) => take(row, pixels),
          (error: unknown) => void faults.push(toImageFault(entry.path, error)),
        )
        .finally(() => inFlight.delete(work));
      inFlight.add(work);
      if (inFlight.size >= mostInFlight) await Promise.race(inFlight);
    }
  }
  await Promise.all(inFlight);
  return faults;
}

function readUnchanged(
  folder: string,
  { path, digest }: DatasetEntry,
): { bytes: Uint8Array } | { fault: DatasetFault } {
  try {
    const bytes = readWhole(`${folder}/${path}`);
    if (digest === `sha256:${hash("sha256", bytes, "hex")}`) return { bytes };
    return { fault: { kind: "changed", path, message: "changed while the dataset was being read" } };
  } catch (error) {
    return { fault: toUnreadable(path, error) };
  }
}

function isLarge(bytes: Uint8Array): boolean {
  const { width, height } = readImageHeader(bytes);
  return width * height >= aside;
}

function allocateShared(count: number, row: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(count * row);
  } catch (error) {
    throw datasetTooBig({ count, megabytes: Math.ceil((count * row) / 1e6) }, { cause: error });
  }
}
