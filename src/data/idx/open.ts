import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { dataFileMissing, datasetTooBig, idxBroken } from "../errors.ts";
import { compareBytes, merkleRoot } from "../merkle.ts";
import { isUrl } from "../file/url.ts";
import type { OpenOptions } from "../open.ts";
import { createPace } from "../pace.ts";
import { silent } from "../../base/progress.ts";
import type { DatasetEntry, IdxSource, ImageDataset } from "../types.ts";
import { reasonOf } from "../walk.ts";
import { findWarnings } from "../warnings.ts";
import { fetchFile } from "./fetch.ts";
import { readIdx } from "./read.ts";

/**
 * Images and labels of two IDX files as a dataset of grey images. An image is named `<label>/<its place in the file>`. Throws
 * `dataFileMissing`, `downloadFailed`, `idxBroken`, `datasetTooBig` or `dataInterrupted`.
 */
export async function openIdx(source: IdxSource, options: OpenOptions): Promise<ImageDataset> {
  const { report = silent, signal, root } = options;
  const images = readIdx(await readSource(source.images, options), 3, source.images);
  const labels = readIdx(await readSource(source.labels, options), 1, source.labels);
  const [rows = 0, height = 0, width = 0] = images.shape;
  const refuse = (path: string, why: string): Error => idxBroken({ path, why });
  if (rows !== labels.shape[0])
    throw refuse(source.labels, `it has ${labels.shape[0]} labels, wanted one for each of ${rows} images`);
  if (rows === 0 || height === 0 || width === 0) throw refuse(source.images, "it holds no pixel");
  const count = source.limit === 0 ? rows : Math.min(rows, source.limit);
  const size = height * width;
  const names = nameLabels(labels.values.subarray(0, count), source, refuse);
  if (names.length < 2) throw refuse(source.labels, `it has one label (${names[0]}), wanted two or more`);

  const width10 = String(rows - 1).length;
  const pace = createPace({ label: "read images", doing: "reading the images", total: count, report, signal });
  const shape = Buffer.from(`${height}x${width} `);
  const found: { entry: DatasetEntry; row: number }[] = [];
  for (let row = 0; row < count; row++) {
    await pace(row);
    const label = labelName(labels.values[row]!, source);
    // The same pixels in rows of another length are another picture.
    const digest = digestOf(Buffer.concat([shape, images.values.subarray(row * size, (row + 1) * size)]));
    found.push({ entry: { path: `${label}/${String(row).padStart(width10, "0")}`, label, digest, size }, row });
  }
  found.sort((a, b) => compareBytes(a.entry.path, b.entry.path));
  const pixels = new Uint8Array(allocate(count, size));
  for (const [index, { row }] of found.entries())
    pixels.set(images.values.subarray(row * size, (row + 1) * size), index * size);
  const entries = found.map(({ entry }) => entry);
  return {
    kind: "images",
    source,
    folder: isUrl(source.images) ? root : dirname(resolve(root, source.images)),
    digest: merkleRoot(entries),
    labels: names,
    entries,
    warnings: findWarnings(entries, []),
    decoded: { height, width, channels: 1, pixels },
  };
}

async function readSource(from: string, options: OpenOptions): Promise<Uint8Array> {
  if (isUrl(from)) return await fetchFile(from, options);
  const path = resolve(options.root, from);
  try {
    return readFileSync(path);
  } catch (error) {
    throw dataFileMissing({ path, why: reasonOf(error) }, { cause: error });
  }
}

/** The names of the labels that occur, in the order of their numbers, so that a class keeps its place. */
function nameLabels(values: Uint8Array, source: IdxSource, refuse: (path: string, why: string) => Error): string[] {
  const seen = [...new Set(values)].toSorted((a, b) => a - b);
  const beyond = seen.find((value) => source.names.length > 0 && value >= source.names.length);
  if (beyond !== undefined)
    throw refuse(source.labels, `it holds the label ${beyond}, but only ${source.names.length} names are given`);
  return seen.map((value) => labelName(value, source));
}

function labelName(value: number, { names }: IdxSource): string {
  return names[value] ?? String(value);
}

function allocate(count: number, size: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(count * size);
  } catch (error) {
    throw datasetTooBig({ count, megabytes: Math.ceil((count * size) / 1e6) }, { cause: error });
  }
}
