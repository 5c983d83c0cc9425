/** @file Pictures of the dataset, by the paths that it lists itself: a path is looked up there and never joined to a folder unseen. */
import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { Dataset, ImageDataset } from "../data/types.ts";
import { encodePng } from "../pixels/encode-png.ts";
import { shrink } from "./thumbnail.ts";

export interface Picture {
  type: string;
  bytes: Uint8Array;
}

const types: Readonly<Record<string, string>> = {
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
};

/** Undefined where the dataset lists no such picture, or its file is gone. `longest`: a large one is made smaller, to so many pixels a side. */
export async function readPicture(dataset: Dataset, path: string, longest?: number): Promise<Picture | undefined> {
  if (dataset.kind !== "images") return undefined;
  const row = rowsOf(dataset).get(path);
  if (row === undefined) return undefined;
  if (dataset.decoded !== undefined) return drawRow(dataset.decoded, row);
  const type = types[extname(path).toLowerCase()];
  if (type === undefined) return undefined;
  try {
    // A link may have been put in the file's place since the data were read.
    const [folder, file] = await Promise.all([realpath(dataset.folder), realpath(join(dataset.folder, path))]);
    if (!file.startsWith(folder + sep)) return undefined;
    const bytes = await readFile(file);
    const shrunk = longest === undefined ? undefined : await shrink(bytes, longest);
    return shrunk === undefined ? { type, bytes } : { type: "image/png", bytes: shrunk };
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const rows = new WeakMap<ImageDataset, ReadonlyMap<string, number>>();

function rowsOf(dataset: ImageDataset): ReadonlyMap<string, number> {
  const known = rows.get(dataset) ?? new Map(dataset.entries.map(({ path }, row) => [path, row]));
  rows.set(dataset, known);
  return known;
}

/** Rows of an IDX file have no file of their own. */
function drawRow({ height, width, channels, pixels }: NonNullable<ImageDataset["decoded"]>, row: number): Picture {
  const size = height * width * channels;
  const own = pixels.subarray(row * size, (row + 1) * size);
  return { type: "image/png", bytes: encodePng(own, width, height) };
}
