import type { Report } from "../base/progress.ts";
import { noSample } from "./errors.ts";
import type {
  BoxDataset,
  CocoSource,
  DataSource,
  Dataset,
  FileDataset,
  FileSource,
  ImageDataset,
  ImageSource,
  RowSource,
  TableDataset,
  TextDataset,
} from "./types.ts";

export { loadExamples } from "./load.ts";

export interface OpenOptions {
  /** The project's folder, which the source's path is relative to. */
  root: string;
  report?: Report;
  signal?: AbortSignal;
  /** Ask a loader of rows for generated ones. */
  sample?: boolean;
}

/**
 * Reads a source: content digests, the dataset's digest, labels; rows are in memory then, files of images are not decoded yet. All
 * faults come in one error. Throws `datasetMissing`, `datasetFaulty`, `dataInterrupted`, and what a loader or a download ran into.
 */
export function openDataset(source: ImageSource, options: OpenOptions): Promise<ImageDataset>;
export function openDataset(source: CocoSource, options: OpenOptions): Promise<BoxDataset>;
export function openDataset(source: RowSource, options: OpenOptions): Promise<TextDataset | TableDataset>;
export function openDataset(source: FileSource, options: OpenOptions): Promise<FileDataset>;
export function openDataset(source: DataSource, options: OpenOptions): Promise<Dataset>;
export async function openDataset(source: DataSource, options: OpenOptions): Promise<Dataset> {
  if (options.sample === true && source.kind !== "rows") throw noSample({ kind: source.kind });
  switch (source.kind) {
    case "imageFolder":
      return (await import("./open-folder.ts")).openImageFolder(source, options);
    case "idx":
      return (await import("./idx/open.ts")).openIdx(source, options);
    case "coco":
      return (await import("./coco/open.ts")).openCoco(source, options);
    case "file":
      return (await import("./file/open.ts")).openFileSource(source, options);
    default:
      return (await import("./rows/open.ts")).openRows(source, options);
  }
}
