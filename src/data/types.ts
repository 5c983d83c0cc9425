import type { Digest } from "../base/digest.ts";
import type { Report } from "../base/progress.ts";

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

/** `idx({ images, labels })`: two files in the IDX format of the MNIST family, each gzipped or not, each a path or a URL. */
export interface IdxSource {
  kind: "idx";
  /** Relative to the project folder, or an http(s) URL. */
  images: string;
  labels: string;
  /** Names of the labels 0, 1, …; without them the numbers are their names. */
  names: readonly string[];
  /** Rows beyond this many are not read; 0: all are. */
  limit: number;
}

/** `coco("data", {...})`: images, and what is to be seen where in them, as a JSON file in COCO's format. */
export interface CocoSource {
  kind: "coco";
  /** A folder, relative to the project's. */
  path: string;
  /** The JSON file, relative to `path`. */
  annotations: string;
  /** The folder that the file names in it are relative to, relative to `path`; `.` is `path` itself. */
  images: string;
  /** Height and width in pixels that the model sees; images of another size are resized. */
  size: readonly [height: number, width: number];
  channels: 1 | 3;
}

/** What the columns of rows mean. */
export type RowShape =
  | { kind: "text"; text: string; label: string }
  | {
      kind: "table";
      columns: readonly string[];
      target: string;
      /** Column of the time that rows are ordered by. Validation is then the latest share of the rows. */
      time: string | undefined;
      /** How many rows ahead the target looks: so many are left out between training and validation. */
      horizon: number;
    };

interface RowSettings {
  rows: RowShape;
  /** New rows are no difference from the lock, as long as every locked row is still there as it was. */
  growing: boolean;
}

/** `jsonl("intents.jsonl", { text, label })`: one JSON object a line. */
export interface JsonlSource extends RowSettings {
  kind: "jsonl";
  path: string;
}

/** `csv("prices.csv", { columns, target })`: RFC 4180, the first line names the columns. */
export interface CsvSource extends RowSettings {
  kind: "csv";
  path: string;
  separator: string;
}

/** `rows("prices", load, { columns, target })`: whatever the project's own function gives, kept for a while. */
export interface RowsSource extends RowSettings {
  kind: "rows";
  name: string;
  load: LoadRows;
  /** Seconds for which loaded rows are used again. */
  maxAge: number;
}

/** A file that a trainer reads itself, such as weights made elsewhere. */
export interface FileSource {
  kind: "file";
  /** Relative to the project folder, or an http(s) URL. */
  path: string;
  /** What it is: `weights`. */
  role: string;
  /** Bytes; undefined: any. */
  size: number | undefined;
  /** Undefined: any, until the lock holds it. */
  digest: Digest | undefined;
}

/** One row by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** May be asked again after `maxAge`, and must then give the same rows for the same past. */
export type LoadRows = (context: LoadRowsContext) => Promise<Iterable<Row>> | Iterable<Row>;

export interface LoadRowsContext {
  /** The project's folder. */
  root: string;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  report: Report;
  /** `--sample` was given: generated rows are wanted. A loader that has none throws. */
  sample: boolean;
}

export type ImageSource = ImageFolderSource | IdxSource;
export type RowSource = JsonlSource | CsvSource | RowsSource;
export type DataSource = ImageSource | CocoSource | RowSource | FileSource;

/**
 * One file, or one row, of a dataset. `path` names it: relative to the dataset's folder for a file, `<label>/<what tells it apart>`
 * for a row. It has forward slashes; `digest` is that of its content without the label.
 */
export interface DatasetEntry {
  path: string;
  label: string;
  digest: Digest;
  /** Size in bytes. */
  size: number;
  /** Of a row: where it stands, `intents.jsonl:12`. */
  at?: string;
}

interface DatasetBase {
  /** Absolute path of the folder that the data lie in. */
  folder: string;
  /** Root of the Merkle tree over (path, content digest). */
  digest: Digest;
  /** Sorted; a label's index is its class. Digits sort as numbers. */
  labels: readonly string[];
  /** Sorted by path in byte order; rows with a time by that, then by path. */
  entries: readonly DatasetEntry[];
  /** What is worth knowing but no fault: files that are not part of it, the same image under two labels, a label with one image. */
  warnings: readonly DatasetWarning[];
}

/** Images by content, before any pixel of a file is decoded. */
export interface ImageDataset extends DatasetBase {
  kind: "images";
  source: ImageSource;
  /** Of a source that holds pixels and no image files: row i is that of `entries[i]`. */
  decoded?: Pixels;
}

/** Images with boxes in them. An entry's digest is that of the image and its boxes; its label is the rarest of theirs, or empty. */
export interface BoxDataset extends DatasetBase {
  kind: "boxes";
  source: CocoSource;
  /** Row i's are those of `entries[i]`. */
  boxes: readonly (readonly LabelledBox[])[];
  /** All files by content: the images in the order of `entries`, and behind them the annotations. */
  files: readonly Pick<DatasetEntry, "path" | "digest" | "size">[];
}

export interface LabelledBox {
  /** Place among the dataset's labels. */
  label: number;
  /** Left, top, right and bottom as shares of the image's width and height. */
  corners: Corners;
}

/** Left, top, right, bottom, from 0 to 1. */
export type Corners = readonly [left: number, top: number, right: number, bottom: number];

export interface TextDataset extends DatasetBase {
  kind: "text";
  source: RowSource;
  /** Row i is that of `entries[i]`. */
  texts: readonly string[];
}

export interface TableDataset extends DatasetBase {
  kind: "table";
  source: RowSource;
  columns: readonly string[];
  /** Rows × columns, row by row, as models see them. */
  values: Float32Array;
  /** Milliseconds since 1970 of each row, where the rows have a time; ascending. */
  times?: Float64Array;
  /** See `RowShape`. */
  horizon: number;
}

export interface FileDataset extends DatasetBase {
  kind: "file";
  source: FileSource;
  /** Absolute path of the file, or of the copy that was downloaded. It is the only entry. */
  path: string;
}

export type Dataset = ImageDataset | BoxDataset | TextDataset | TableDataset | FileDataset;

export interface DatasetWarning {
  kind: "ignored" | "duplicate" | "single" | "collision" | "sample";
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
    | "fewLabels"
    | "format"
    | "missing"
    | "notNumber"
    | "notText"
    | "notTime"
    | "notLabel"
    | "box"
    | "duplicate"
    | "encoding";
  /** Relative to the dataset's folder, with forward slashes; `.` is the folder itself. Of a row: `intents.jsonl:12`. */
  path: string;
  /** What was seen and wanted, without the path. */
  message: string;
}

interface ExamplesBase {
  /** Row i belongs to `dataset.entries[i]`. */
  count: number;
  labels: readonly string[];
}

interface LabelledExamples extends ExamplesBase {
  /** Class of each row; backed by a SharedArrayBuffer. */
  targets: Int32Array;
}

export interface Pixels {
  height: number;
  width: number;
  channels: 1 | 3;
  /** count × height × width × channels, NHWC, 0..255; backed by a SharedArrayBuffer. */
  pixels: Uint8Array;
}

/** Images decoded into memory that workers share without copying. */
export interface ImageExamples extends LabelledExamples, Pixels {
  kind: "images";
}

/** Images as above, with boxes instead of a class. */
export interface BoxExamples extends ExamplesBase, Pixels {
  kind: "boxes";
  boxes: readonly (readonly LabelledBox[])[];
}

export interface TextExamples extends LabelledExamples {
  kind: "text";
  texts: readonly string[];
}

export interface TableExamples extends LabelledExamples {
  kind: "table";
  columns: readonly string[];
  /** count × columns, row by row; backed by a SharedArrayBuffer. */
  values: Float32Array;
  /** Of rows with a time: milliseconds since 1970, ascending. */
  times?: Float64Array;
}

export interface FileExamples extends LabelledExamples {
  kind: "file";
  /** Absolute. */
  path: string;
}

export type Examples = ImageExamples | BoxExamples | TextExamples | TableExamples | FileExamples;

/**
 * Row numbers. Seeded and stratified: every label is divided in the same proportion. Rows with a time are divided by it instead:
 * validation is the latest share, so that nothing of the future is trained on.
 */
export interface Split {
  train: Int32Array;
  validation: Int32Array;
}
