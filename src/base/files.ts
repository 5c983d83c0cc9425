/** @file Files that others read, replace and remove meanwhile. Against power cuts artifact/store/files.ts does more. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file, in a folder that is made where it is missing. Who reads it meets the old content or the new. */
export function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  return makeWhole(path, (draft) => writeFile(draft, content));
}

/** The same for what `write` puts at a path beside it, and gives what that gives; where it throws, nothing is left behind. */
export async function makeWhole<T>(path: string, write: (draft: string) => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const made = await write(draft);
    await rename(draft, path);
    return made;
  } finally {
    await rm(draft, { force: true });
  }
}

/** For what may not be there, or be removed at any time: `readFile(path).catch(ignoreMissing)`. */
export function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
