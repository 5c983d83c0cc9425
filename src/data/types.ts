import type { Digest } from "../base/digest.ts";

/** `imageFolder("data", {...})`: files at `<path>/<label>/<name>.jpg|jpeg|png|webp`. Plain data; nothing is read until `openDataset`. */
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
  /** What is worth knowing but no fault: files that are not part of it, the same image under two labels, a label with one image. */
  warnings: readonly DatasetWarning[];
}

export interface DatasetWarning {
  kind: "ignored" | "duplicate" | "single" | "collision";
  /** One line for people. */
  message: string;
  /** All files that it is about, relative to the dataset's folder. */
  paths: readonly string[];
}

/** One thing that keeps a file, or the folder, from being used. */
export interface DatasetFault {
  kind:
    | "empty"
    | "unsupported"
    | "truncated"
    | "broken"
    | "tooLarge"
    | "wrongSize"
    | "mislabelled"
    | "unreadable"
    | "outside"
    | "changed"
    | "nested"
    | "misplaced"
    | "notImage"
    | "emptyLabel"
    | "fewLabels";
  /** Relative to the dataset's folder, with forward slashes; `.` is the folder itself. */
  path: string;
  /** What was seen and wanted, without the path. */
  message: string;
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
