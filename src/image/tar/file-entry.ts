import { stat } from "node:fs/promises";
import { fromFile } from "../../oci/blob-source.ts";
import { fileUnreadable } from "../errors.ts";
import type { FileEntry } from "./entry.ts";

/** A file changed this short a time ago could change again without its times showing it: file systems count in steps. Milliseconds. */
const settledAfter = 2000;

/** A file of this machine as an entry: its bytes alone travel, neither its owner nor its times. Throws `fileUnreadable`. */
export async function fileEntry(path: string, file: string, mode = 0o644): Promise<FileEntry> {
  const { size, stamp, changedMs } = await stampFile(file);
  const settled = Date.now() - changedMs > settledAfter;
  return { kind: "file", path, mode, content: fromFile(file, size), stamp: settled ? stamp : undefined };
}

/**
 * What changes when a file is written to, without reading it, as git's index does. The time of the inode's change cannot be set
 * back by a program, so writing as many bytes at the same modification time shows too.
 */
export async function stampFile(file: string): Promise<{ size: number; stamp: string; changedMs: number }> {
  try {
    const facts = await stat(file, { bigint: true });
    if (!facts.isFile()) throw fileUnreadable({ path: file, why: "it is no regular file" });
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = facts;
    return { size: Number(size), stamp: [dev, ino, size, mtimeNs, ctimeNs].join(":"), changedMs: Number(ctimeMs) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw fileUnreadable({ path: file, why: (error as Error).message }, { cause: error });
  }
}
