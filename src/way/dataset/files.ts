/** @file Which files a dataset is made of, and how its source reads them where they were unpacked. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { isUrl, nameOf } from "../../data/file/url.ts";
import type { DataSource, Dataset } from "../../data/types.ts";
import type { DatasetFile } from "./group.ts";
import type { PushableDataset } from "./push.ts";

/**
 * The files that travel. A folder's are the dataset's entries; of a source that holds its rows in a file, it is that file. Undefined where
 * there is nothing to send: the source reads from the network itself.
 */
export async function listDatasetFiles(dataset: Dataset, root: string): Promise<PushableDataset | undefined> {
  if (dataset.kind === "boxes") {
    const { source, digest, folder, files } = dataset;
    return { source, digest, folder, files: [...files] };
  }
  const { source, digest, folder, entries } = dataset;
  const shared = { source, digest };
  if (source.kind === "imageFolder" || source.kind === "file")
    return { ...shared, folder, files: entries.map(({ path, digest: of, size }) => ({ path, digest: of, size })) };
  const isSample = dataset.warnings.some(({ kind }) => kind === "sample");
  const paths = listPaths(source, root, isSample);
  if (paths === undefined) return undefined;
  // Two files of a source lie in one folder, or below the project's.
  const home = paths.every((path) => dirname(path) === dirname(paths[0] ?? "")) ? dirname(paths[0] ?? root) : root;
  const files = await Promise.all(paths.map((path) => measure(path, home)));
  return { ...shared, folder: home, files };
}

/** The same source, but of the files in `folder`. */
export function relocate(source: DataSource, folder: string): DataSource {
  if (source.kind === "imageFolder" || source.kind === "coco") return { ...source, path: folder };
  if (source.kind === "file") {
    const name = isUrl(source.path) ? nameOf(source.path) : basename(source.path);
    return { ...source, path: join(folder, name) };
  }
  if (source.kind === "jsonl" || source.kind === "csv") return { ...source, path: join(folder, basename(source.path)) };
  if (source.kind === "idx") {
    if (isUrl(source.images) || isUrl(source.labels)) return source;
    const flat = dirname(source.images) === dirname(source.labels);
    const place = (path: string): string => join(folder, flat ? basename(path) : path);
    return { ...source, images: place(source.images), labels: place(source.labels) };
  }
  // What the loader gave is kept as JSON lines: those are read, and the loader is not asked again.
  const { name, rows, growing } = source;
  const sample = join(folder, `${name}.sample.jsonl`);
  return { kind: "jsonl", path: existsSync(sample) ? sample : join(folder, `${name}.jsonl`), rows, growing };
}

function listPaths(
  source: Exclude<DataSource, { kind: "imageFolder" | "coco" | "file" }>,
  root: string,
  isSample: boolean,
): string[] | undefined {
  if (source.kind === "rows")
    return [join(root, ".slipway", "cache", "rows", `${source.name}${isSample ? ".sample" : ""}.jsonl`)];
  if (source.kind !== "idx") return [resolve(root, source.path)];
  if (isUrl(source.images) || isUrl(source.labels)) return undefined;
  return [resolve(root, source.images), resolve(root, source.labels)];
}

async function measure(path: string, home: string): Promise<DatasetFile> {
  const hash = createHash("sha256");
  let size = 0;
  await pipeline(createReadStream(path), async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      hash.update(piece);
      size += piece.length;
    }
  });
  const relative = path.slice(home.length).replaceAll("\\", "/").replace(/^\/+/, "");
  return { path: relative, digest: `sha256:${hash.digest("hex")}`, size };
}
