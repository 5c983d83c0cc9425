/** @file Files that are there whole or not at all, whoever reads them meanwhile. Against power cuts artifact/store/files.ts does more. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file, in a folder that is made where it is missing. Who reads it meets the old content or the new. */
export function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  return makeWhole(path, (draft) => writeFile(draft, content));
}

/** The same for what `write` puts at a path beside it; where that throws, nothing is left behind. */
export async function makeWhole(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await write(draft);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
