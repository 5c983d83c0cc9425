/** @file A folder of exported files that people keep in git: written anew as a whole, with nothing left that a release before had. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Files } from "../kube/export/files.ts";

/** What we may take away again: nothing that people wrote themselves. */
const header = "# Written by `slipway export`: what is changed here is lost with the next one.\n";

/** Writes the files, and removes those of an earlier export that are no more; gives their paths. */
export async function writeExport(folder: string, files: Files): Promise<string[]> {
  for (const [path, text] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, path.endsWith(".yaml") ? header + text : text);
  }
  const folders = new Set(["", ...[...files.keys()].map((path) => dirname(path)).filter((path) => path !== ".")]);
  const found = await Promise.all([...folders].map((within) => listOwn(folder, within)));
  const stale = found.flat().filter((path) => !files.has(path));
  await Promise.all(stale.map((path) => rm(join(folder, path))));
  return stale.toSorted();
}

async function listOwn(folder: string, within: string): Promise<string[]> {
  const entries = await readdir(join(folder, within), { withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".yaml"))
    .map(({ name }) => join(within, name));
  const own = await Promise.all(
    paths.map(async (path) => (await readFile(join(folder, path), "utf8")).startsWith(header)),
  );
  return paths.filter((_, i) => own[i]);
}
