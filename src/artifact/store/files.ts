/** @file Files that are either wholly there or not at all, whenever the process or the machine's power ends. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ignoreMissing } from "../../base/files.ts";

/** Bytes in one write or hash call: both refuse more than 2 GiB at once. */
const chunkBytes = 64 * 1024 * 1024;

/** Temporary files of writers that were killed are removed at this age. */
const abandonedAfterMs = 60 * 60 * 1000;

/** Writes to a temporary file in `scratch` (same file system), then renames it. When it returns, the bytes are on the disk. */
export async function writeWhole(path: string, bytes: Uint8Array | string, scratch: string): Promise<void> {
  const temporary = join(scratch, `${process.pid}-${randomBytes(8).toString("hex")}`);
  try {
    await writeSynced(temporary, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Creates a folder and those above it, so that they survive too. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let at = path; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
}

/** A renamed file survives a power cut once its folder is synced. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
}

export async function removeAbandoned(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name);
    const age = await stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs, ignoreMissing);
    if (age !== undefined && age > abandonedAfterMs) await rm(path, { force: true });
  }
}

/** Pieces small enough for one system call. */
export function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx", 0o644);
  for (const piece of cut(bytes)) await file.writeFile(piece);
  await file.sync();
}
