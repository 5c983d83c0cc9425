/** @file A single file that a trainer reads itself, such as weights made elsewhere: its digest is the dataset's. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { Digest } from "../../base/digest.ts";
import { dataFileMissing, dataInterrupted, fileDiffers } from "../errors.ts";
import { merkleRoot } from "../merkle.ts";
import type { OpenOptions } from "../open.ts";
import type { FileDataset, FileSource } from "../types.ts";
import { reasonOf } from "../walk.ts";
import { cachePathOf, download } from "./download.ts";
import { isUrl, nameOf, plainUrl } from "./url.ts";

/**
 * Opens a file of the project's, or the copy of one that was downloaded. What the source says of its size and digest is held
 * against the file each time. Throws `dataFileMissing`, `fileDiffers`, `downloadFailed` or `dataInterrupted`.
 */
export async function openFileSource(source: FileSource, options: OpenOptions): Promise<FileDataset> {
  const remote = isUrl(source.path);
  const file = remote ? await fetchOnce(source, options) : await measure(resolve(options.root, source.path), options);
  const { path, digest, size } = file;
  const name = remote ? nameOf(source.path) : basename(path);
  const fault = findFault(source, file);
  if (fault !== undefined) throw fileDiffers({ path: remote ? plainUrl(source.path) : path, ...fault });
  const entries = [{ path: name, label: source.role, digest, size }];
  return {
    kind: "file",
    source,
    path,
    folder: dirname(path),
    digest: merkleRoot(entries),
    labels: [source.role],
    entries,
    warnings: [],
  };
}

interface Measured {
  path: string;
  digest: Digest;
  size: number;
}

/** The copy in the cache, where it is the file that is wanted; else it is downloaded. */
async function fetchOnce(source: FileSource, options: OpenOptions): Promise<Measured> {
  const path = cachePathOf(source, options.root);
  const known = await stat(path).then(
    () => measure(path, options),
    () => undefined,
  );
  if (known !== undefined) {
    if (findFault(source, known) === undefined) return known;
    // Not what was kept here: the disk, or somebody, changed it.
    await rm(path, { force: true });
  }
  await download(source, path, options);
  return await measure(path, options);
}

function findFault(
  { size, digest }: FileSource,
  file: Measured,
): { what: "size" | "digest"; seen: string; wanted: string } | undefined {
  if (size !== undefined && file.size !== size)
    return { what: "size", seen: `${file.size} bytes`, wanted: `${size} bytes` };
  if (digest !== undefined && file.digest !== digest) return { what: "digest", seen: file.digest, wanted: digest };
  return undefined;
}

async function measure(path: string, { signal }: OpenOptions): Promise<Measured> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      signal?.throwIfAborted();
      hash.update(piece as Buffer);
      size += (piece as Buffer).length;
    }
  } catch (error) {
    if (signal?.aborted === true) throw dataInterrupted({ doing: `reading ${path}` }, { cause: error });
    throw dataFileMissing({ path, why: reasonOf(error) }, { cause: error });
  }
  return { path, digest: `sha256:${hash.digest("hex")}`, size };
}
