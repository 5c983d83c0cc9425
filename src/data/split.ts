import { hash } from "node:crypto";
import { splitShare } from "./errors.ts";
import type { Dataset, Split } from "./types.ts";

export interface SplitOptions {
  /** Share of each label kept for validation, 0 up to, not including, 1. */
  validation: number;
  seed: number;
}

/**
 * Splits a dataset by its images' content. A rename, another order of files or images added elsewhere leave an image on its side
 * (but for the few at the border), and copies of one image stay together: validation stays a measure of what was never trained on.
 */
export function splitDataset({ entries, labels }: Pick<Dataset, "entries" | "labels">, options: SplitOptions): Split {
  const classes = new Map(labels.map((label, index) => [label, index]));
  const targets = entries.map(({ label }) => classes.get(label)!);
  return splitExamples(targets, { ...options, keys: entries.map(({ digest }) => digest) });
}

/**
 * Divides rows, given the class of each, so that every label has the same share on both sides: quotas by largest remainder, at least one
 * row of each label on either side (a label's only row is for training). Which rows: those whose SHA-256 of `<seed>/<key>` is least. Without
 * `keys`, a row's key is its class and its place among the rows of that class, so that other labels do not matter. Rows are in ascending order.
 * Throws `splitShare`.
 */
export function splitExamples(targets: ArrayLike<number>, options: SplitOptions & { keys?: readonly string[] }): Split {
  const { validation, seed, keys } = options;
  if (!(validation >= 0 && validation < 1)) throw splitShare({ validation });
  const groups = [
    ...Map.groupBy(
      Array.from(targets, (_, row) => row),
      (row) => targets[row]!,
    ).entries(),
  ].toSorted(([a], [b]) => a - b);
  const quotas = assignQuotas(
    groups.map(([, rows]) => rows.length),
    validation,
  );
  const chosen = new Set<number>();
  for (const [index, [target, rows]] of groups.entries()) {
    const ranked = rows
      .map((row, ordinal) => ({ row, rank: hash("sha256", `${seed}/${keys?.[row] ?? `${target}/${ordinal}`}`) }))
      .toSorted((a, b) => (a.rank < b.rank ? -1 : Number(a.rank > b.rank)));
    for (const { row } of ranked.slice(0, quotas[index])) chosen.add(row);
  }
  const rows = Int32Array.from(targets, (_, row) => row);
  return { train: rows.filter((row) => !chosen.has(row)), validation: rows.filter((row) => chosen.has(row)) };
}

/** Rows of each label for validation: within one of `share` of the label, and `share` of all in sum as near as that allows. */
function assignQuotas(counts: readonly number[], share: number): number[] {
  if (share === 0) return counts.map(() => 0);
  const least = counts.map((count) => (count > 1 ? 1 : 0));
  const most = counts.map((count) => Math.max(0, count - 1));
  const quotas = counts.map((count, i) => Math.min(Math.max(Math.floor(count * share), least[i]!), most[i]!));
  const wanted = Math.round(counts.reduce((sum, count) => sum + count, 0) * share);
  const missing = wanted - quotas.reduce((sum, quota) => sum + quota, 0);
  const owed = counts
    // What a label was already given to reach its least counts: it is owed nothing then.
    .map((count, i) => ({ i, remainder: count * share - quotas[i]! }))
    .filter(({ i, remainder }) => remainder > 0 && quotas[i]! < most[i]!)
    .toSorted((a, b) => b.remainder - a.remainder || a.i - b.i);
  for (const { i } of owed.slice(0, Math.max(0, missing))) quotas[i]!++;
  return quotas;
}
