/** @file Spoils a folder of labelled images on purpose, as an attacker or a careless hand would: an exercise for lock, audit and gate. */
import { hash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { ignoreMissing } from "../base/files.ts";
import { poisonDone, poisonNothing, poisonUnknownLabel } from "./errors.ts";
import type { DatasetEntry, ImageDataset } from "./types.ts";

/** Shares are 0..1. */
export type Poison =
  /** Images of two labels change places. */
  | { kind: "swap"; labels: readonly [string, string]; share: number }
  /** Images of one label are called another. */
  | { kind: "relabel"; from: string; to: string; share: number }
  /** Images of all labels are called any other. */
  | { kind: "random"; share: number }
  /** Copies of images stand under wrong labels, beside the originals. */
  | { kind: "copies"; count: number };

export interface PoisonedFile {
  /** Relative to the dataset's folder. */
  from: string;
  to: string;
  copied: boolean;
}

interface Journal {
  folder: string;
  files: PoisonedFile[];
}

/**
 * Moves or copies the files and writes a journal beside the project's other state, so that it can be undone. The same seed spoils the
 * same files. Throws `poisonDone` where an earlier one was not undone.
 */
export async function poisonDataset(
  dataset: Pick<ImageDataset, "folder" | "entries" | "labels">,
  poison: Poison,
  { root, seed }: { root: string; seed: number },
): Promise<PoisonedFile[]> {
  if ((await readJournal(root)) !== undefined) throw poisonDone({ path: journalPath(root) });
  const files = planPoison(dataset, poison, seed);
  if (files.length === 0) throw poisonNothing({ poison: JSON.stringify(poison) });
  const { folder } = dataset;
  await mkdir(dirname(journalPath(root)), { recursive: true });
  // Written first: whatever happens in the middle can be undone.
  await writeFile(journalPath(root), JSON.stringify({ folder, files } satisfies Journal, undefined, 1));
  for (const { from, to, copied } of files) {
    await mkdir(dirname(join(folder, to)), { recursive: true });
    await (copied ? copyFile(join(folder, from), join(folder, to)) : rename(join(folder, from), join(folder, to)));
  }
  return files;
}

/** Puts back what the last poisoning moved; gives what was put back, nothing where there was none. */
export async function undoPoison(root: string): Promise<PoisonedFile[]> {
  const journal = await readJournal(root);
  if (journal === undefined) return [];
  const { folder, files } = journal;
  for (const { from, to, copied } of files.toReversed()) {
    if (copied) await rm(join(folder, to), { force: true });
    // It was stopped before it came to this file.
    else await rename(join(folder, to), join(folder, from)).catch(ignoreMissing);
  }
  await rm(journalPath(root));
  return files;
}

/** Which files go where. Pure: the plan is made from the list of files alone. */
export function planPoison(
  { entries, labels }: Pick<ImageDataset, "entries" | "labels">,
  poison: Poison,
  seed: number,
): PoisonedFile[] {
  const random = xoroshiro128plus(seed);
  const taken = new Set(entries.map(({ path }) => path));
  const of = (label: string): DatasetEntry[] => {
    if (!labels.includes(label)) throw poisonUnknownLabel({ label, labels });
    return entries.filter((entry) => entry.label === label);
  };
  const place = (entry: DatasetEntry, label: string, copied: boolean): PoisonedFile => {
    const to = freeName(entry, label, taken);
    return { from: entry.path, to, copied };
  };
  const other = (label: string): string => {
    const others = labels.filter((candidate) => candidate !== label);
    return others[uniformInt(random, 0, others.length - 1)]!;
  };
  switch (poison.kind) {
    case "swap": {
      const [a, b] = poison.labels;
      return [
        ...pick(of(a), poison.share, random).map((entry) => place(entry, b, false)),
        ...pick(of(b), poison.share, random).map((entry) => place(entry, a, false)),
      ];
    }
    case "relabel":
      of(poison.to);
      return pick(of(poison.from), poison.share, random).map((entry) => place(entry, poison.to, false));
    case "random":
      return pick(entries, poison.share, random).map((entry) => place(entry, other(entry.label), false));
    default:
      return pick(entries, poison.count / entries.length, random).map((entry) =>
        place(entry, other(entry.label), true),
      );
  }
}

/** A share of a list, drawn without putting back. */
function pick(entries: readonly DatasetEntry[], share: number, random: RandomGenerator): DatasetEntry[] {
  const rest = [...entries];
  const count = Math.min(rest.length, Math.round(rest.length * share));
  for (let at = 0; at < count; at++) {
    const chosen = uniformInt(random, at, rest.length - 1);
    [rest[at], rest[chosen]] = [rest[chosen]!, rest[at]!];
  }
  return rest.slice(0, count);
}

/** A name in the other label's folder that looks like any other there, and says nothing of where the file came from. */
function freeName(entry: DatasetEntry, label: string, taken: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const stem = hash("sha256", `${entry.path}/${label}/${attempt}`).slice(0, 8);
    const path = `${label}/${stem}${extname(entry.path)}`;
    if (taken.has(path)) continue;
    taken.add(path);
    return path;
  }
}

function journalPath(root: string): string {
  return join(root, ".slipway", "poison.json");
}

async function readJournal(root: string): Promise<Journal | undefined> {
  const text = await readFile(journalPath(root), "utf8").catch(ignoreMissing);
  return text === undefined ? undefined : (JSON.parse(text) as Journal);
}
