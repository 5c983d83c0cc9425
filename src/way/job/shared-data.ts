/** @file Data that every run fetches anew are fetched by one of its pods: experiments on other rows than their siblings' could not be compared. */
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withLock } from "../../artifact/store/lock.ts";
import type { Digest } from "../../base/digest.ts";
import { openDataset } from "../../data/open.ts";
import type { Dataset, DatasetWarning, DataSource } from "../../data/types.ts";
import { listDatasetFiles, relocate } from "../dataset/files.ts";
import { datasetDiffers } from "../errors.ts";
import type { WayOptions } from "../types.ts";

export interface SharedPlace {
  /** Folder that all pods of the run see. */
  folder: string;
  /** Names the run. */
  run: string;
  /** Where the source reads, relative to it. */
  root: string;
}

/** What the siblings need to know of what was fetched. */
interface Note {
  digest: Digest;
  sample: readonly DatasetWarning[];
}

/** Kept beside the files. */
const noteName = ".fetched.json";
/** Until then a pod may be tried again. */
const keptMs = 86_400_000;
/** Loaders may take their time; the siblings wait for theirs. */
const patienceSeconds = 1800;

/** `fetch` opens the source at `root`: called by the first of the run, under a lock. Throws what it throws, `storeLocked`, and `datasetDiffers` where what it left was changed. */
export async function shareDataset(
  source: DataSource,
  { folder, run, root }: SharedPlace,
  fetch: () => Promise<Dataset>,
  options: Pick<WayOptions, "report" | "signal">,
): Promise<Dataset> {
  const place = join(folder, run);
  await mkdir(folder, { recursive: true });
  options.report({ step: "data", label: "wait for the data" });
  const fetched = await withLock(
    join(folder, "lock"),
    async () => {
      if (existsSync(place)) return undefined;
      await removeOld(folder);
      const dataset = await fetch();
      await keep(dataset, root, place);
      return dataset;
    },
    { timeoutSeconds: patienceSeconds },
  );
  if (fetched !== undefined) return fetched;
  const { digest, sample } = JSON.parse(readFileSync(join(place, noteName), "utf8")) as Note;
  const opened = await openDataset(relocate(source, place), { root, ...options });
  if (opened.digest !== digest) throw datasetDiffers({ what: place, seen: opened.digest, wanted: digest });
  // The settings of the project's own source take part in the run's inputs.
  return { ...opened, source, warnings: [...opened.warnings, ...sample] } as Dataset;
}

/** All or nothing. */
async function keep(dataset: Dataset, root: string, place: string): Promise<void> {
  // Of a source at URLs nothing is kept: it reads them again, and the digest tells whether they are the same.
  const { files = [], folder = root } = (await listDatasetFiles(dataset, root)) ?? {};
  const draft = `${place}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  for (const { path } of files) {
    const to = join(draft, path);
    await mkdir(dirname(to), { recursive: true });
    await cp(join(folder, path), to);
  }
  const note: Note = { digest: dataset.digest, sample: dataset.warnings.filter(({ kind }) => kind === "sample") };
  await writeFile(join(draft, noteName), JSON.stringify(note));
  await rename(draft, place);
}

async function removeOld(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || Date.now() - (await stat(path)).mtimeMs < keptMs) continue;
    await rm(path, { recursive: true, force: true });
  }
}
