import type { Digest } from "../base/digest.ts";

/** `imageFolder("data", {...})`: files at `<path>/<label>/<name>.jpg|jpeg|png`. Plain data; nothing is read until `openDataset`. */
export interface ImageFolderSource {
  kind: "imageFolder";
  /** Relative to the project folder. */
  path: string;
  /** Height and width in pixels that the model sees. */
  size: readonly [height: number, width: number];
  channels: 1 | 3;
  /** `"refuse"` (default) names every file of another size; `"resize"` fits it. */
  otherSizes: "refuse" | "resize";
}

export type DataSource = ImageFolderSource;

/** One file of a dataset. `path` is relative to the dataset's folder, with forward slashes; entries are sorted by it (byte order). */
export interface DatasetEntry {
  path: string;
  label: string;
  digest: Digest;
  /** Size in bytes. */
  size: number;
}

/** Files and labels by content, before any pixel is decoded. */
export interface Dataset {
  source: DataSource;
  /** Absolute path of the folder. */
  folder: string;
  /** Root of the Merkle tree over (path, content digest). */
  digest: Digest;
  /** Sorted; a label's index is its class. Digits sort as numbers. */
  labels: readonly string[];
  entries: readonly DatasetEntry[];
}

/** A dataset decoded into memory that workers share without copying. Row i belongs to `dataset.entries[i]`. */
export interface Examples {
  count: number;
  height: number;
  width: number;
  channels: 1 | 3;
  labels: readonly string[];
  /** count × height × width × channels, NHWC, 0..255; backed by a SharedArrayBuffer. */
  pixels: Uint8Array;
  /** Class of each row; backed by a SharedArrayBuffer. */
  targets: Int32Array;
}

/** Row numbers. Seeded and stratified: every label is divided in the same proportion. */
export interface Split {
  train: Int32Array;
  validation: Int32Array;
}
