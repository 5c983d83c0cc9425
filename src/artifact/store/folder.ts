/** @file The layout's folder: making it, reading its index, and changing the index as one writer at a time. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ignoreMissing } from "../../base/files.ts";
import { storeBroken } from "../errors.ts";
import type { AliasMove } from "../types.ts";
import { makeFolder, writeWhole } from "./files.ts";
import { catchUp } from "./history.ts";
import { emptyIndex, parseIndex, printIndex, type Index } from "./index-file.ts";
import { withLock } from "./lock.ts";

export interface StorePaths {
  root: string;
  index: string;
  /** Its presence says that the folder is a layout; it is written last. */
  version: string;
  blobs: string;
  history: string;
  lock: string;
  /** For files that are being written. */
  scratch: string;
}

export function toPaths(root: string): StorePaths {
  return {
    root,
    index: join(root, "index.json"),
    version: join(root, "oci-layout"),
    blobs: join(root, "blobs", "sha256"),
    history: join(root, "history.jsonl"),
    lock: join(root, "lock.db"),
    scratch: join(root, "scratch"),
  };
}

/** The index as it is now; an empty one where there is no store yet. Throws `storeBroken`. */
export async function readIndex(paths: StorePaths): Promise<Index> {
  if (!(await isLayout(paths))) return emptyIndex;
  const text = await readFile(paths.index, "utf8").catch(ignoreMissing);
  if (text === undefined)
    throw storeBroken({ file: paths.index, why: "it is missing, though the folder is an OCI layout" });
  return parseIndex(text, paths.index);
}

/** Makes what is missing of the folder. Throws `storeBroken` where it holds something else. */
export async function prepareFolder(paths: StorePaths): Promise<void> {
  if (await isLayout(paths)) {
    // Another tool made it, or someone emptied it.
    await makeFolder(paths.blobs);
    await makeFolder(paths.scratch);
    return;
  }
  await refuseForeign(paths);
  await makeFolder(paths.blobs);
  await makeFolder(paths.scratch);
  await withLock(paths.lock, async () => {
    if (await isLayout(paths)) return;
    await writeWhole(paths.index, printIndex(emptyIndex), paths.scratch);
    await writeWhole(paths.version, `{"imageLayoutVersion":"1.0.0"}\n`, paths.scratch);
  });
}

/**
 * Replaces the index by what `change` makes of it, while no other writer does, and gives back `change`'s answer; the same index
 * means no change. `change` gets the last alias move too. When this returns, the change and its moves are on the disk.
 */
export async function changeIndex<T>(
  paths: StorePaths,
  change: (index: Index, last: AliasMove | undefined) => Promise<[Index, T]> | [Index, T],
): Promise<T> {
  await prepareFolder(paths);
  return withLock(paths.lock, async () => {
    const before = await readIndex(paths);
    const [after, answer] = await change(before, (await catchUp(paths.history, before)).at(-1));
    if (after === before) return answer;
    await writeWhole(paths.index, printIndex(after), paths.scratch);
    await catchUp(paths.history, after);
    return answer;
  });
}

async function isLayout(paths: StorePaths): Promise<boolean> {
  const text = await readFile(paths.version, "utf8").catch(ignoreMissing);
  if (text === undefined) return false;
  const version = /"imageLayoutVersion"\s*:\s*"([^"]*)"/.exec(text)?.[1];
  if (version?.startsWith("1.") === true) return true;
  throw storeBroken({ file: paths.version, why: `its imageLayoutVersion is ${version ?? "missing"}, wanted 1.0.0` });
}

async function refuseForeign(paths: StorePaths): Promise<void> {
  // What a store has whose making was cut short, or was finished by another process since the look above.
  const own = new Set(["oci-layout", "index.json", "blobs", "scratch", "history.jsonl", "lock.db", "lock.db-journal"]);
  const foreign = ((await readdir(paths.root).catch(ignoreMissing)) ?? []).filter((name) => !own.has(name));
  if (foreign.length === 0) return;
  throw storeBroken({
    file: paths.root,
    why: `it holds other files (${foreign.slice(0, 3).join(", ")}) and no oci-layout, so it is no store`,
  });
}
