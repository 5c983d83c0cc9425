/** @file Which files a dataset is made of, and how its source reads them where they were unpacked. */
import type { DataSource, Dataset } from "../../data/types.ts";
import type { PushableDataset } from "./push.ts";

/** The files that travel. */
export function listDatasetFiles({ source, digest, folder, entries }: Dataset): PushableDataset {
  return { source, digest, folder, files: entries.map(({ path, digest: of, size }) => ({ path, digest: of, size })) };
}

/** The same source, but of the files in `folder`. */
export function relocate(source: DataSource, folder: string): DataSource {
  return source.kind === "imageFolder" ? { ...source, path: folder } : source;
}
