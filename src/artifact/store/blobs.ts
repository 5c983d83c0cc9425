/** @file Content-addressed files: `blobs/sha256/<hex>`. Their content is checked on every read. */
import { createHash } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, hexOf, isDigest, shortDigest } from "../../base/digest.ts";
import { ignoreMissing } from "../../base/files.ts";
import { blobCorrupted, blobMissing } from "../errors.ts";
import type { Blob, Descriptor } from "../oci.ts";
import { cut, writeWhole } from "./files.ts";

export interface Folders {
  root: string;
  /** Where temporary files are written before they are renamed. */
  scratch: string;
}

type Wanted = Pick<Descriptor, "digest" | "size">;

export function pathOfBlob(root: string, digest: Digest): string {
  return join(root, "blobs", "sha256", hexOf(digest));
}

/** Leaves a blob alone that is there and whole; a damaged one is written anew. */
export async function putBlob({ root, scratch }: Folders, { descriptor, bytes }: Blob): Promise<void> {
  const path = pathOfBlob(root, descriptor.digest);
  const seen = await readFile(path, descriptor.size);
  if (seen instanceof Uint8Array && hash(seen) === descriptor.digest) return;
  await writeWhole(path, bytes, scratch);
}

/** Whether a blob of the right size is there; its bytes are not read. */
export async function hasBlob(root: string, { digest, size }: Wanted): Promise<boolean> {
  const found = await stat(pathOfBlob(root, digest)).catch(ignoreMissing);
  return found?.size === size;
}

/** Throws `blobMissing`, `blobCorrupted`. */
export async function readBlob(root: string, { digest, size }: Wanted): Promise<Uint8Array> {
  const file = pathOfBlob(root, digest);
  const bytes = await readFile(file, size);
  if (bytes === undefined) throw blobMissing({ file, digest });
  if (typeof bytes === "number") throw blobCorrupted({ file, digest, seen: `${bytes} bytes instead of ${size}` });
  const seen = hash(bytes);
  if (seen !== digest) throw blobCorrupted({ file, digest, seen: shortDigest(seen) });
  return bytes;
}

/** Removes every blob that `kept` does not name. The caller holds the store's lock. Files that are no blobs are not ours to remove. */
export async function sweepBlobs(root: string, kept: ReadonlySet<Digest>): Promise<{ blobs: number; bytes: number }> {
  const swept = { blobs: 0, bytes: 0 };
  for (const name of await readdir(join(root, "blobs", "sha256"))) {
    const digest = `sha256:${name}`;
    if (!isDigest(digest) || kept.has(digest)) continue;
    const path = pathOfBlob(root, digest);
    swept.bytes += (await stat(path)).size;
    swept.blobs++;
    await rm(path);
  }
  return swept;
}

/** The bytes; another size than wanted as a number; or undefined where there is no such file. */
async function readFile(path: string, size: number): Promise<Uint8Array | number | undefined> {
  const opened = await open(path, "r").catch(ignoreMissing);
  if (opened === undefined) return undefined;
  await using file = opened;
  const found = (await file.stat()).size;
  if (found !== size) return found;
  const bytes = new Uint8Array(size);
  let filled = 0;
  for (const piece of cut(bytes)) {
    for (let at = 0; at < piece.byteLength;) {
      const { bytesRead } = await file.read(piece, at, piece.byteLength - at, filled);
      if (bytesRead === 0) return filled; // cut short while being read
      at += bytesRead;
      filled += bytesRead;
    }
  }
  return bytes;
}

function hash(bytes: Uint8Array): Digest {
  const sha = createHash("sha256");
  for (const piece of cut(bytes)) sha.update(piece);
  return `sha256:${sha.digest("hex")}`;
}
