import { hash } from "node:crypto";
import { splitShare } from "./errors.ts";
import type { Dataset, Split, TableDataset } from "./types.ts";

export interface SplitOptions {
  /** Share of each label kept for validation, 0 up to, not including, 1. */
  validation: number;
  seed: number;
}

/**
 * Splits a dataset by its content. A rename, another order or what is added elsewhere leave a row on its side (but for the few at the
 * border), and copies of one row stay together: validation stays a measure of what was never trained on. Rows with a time are split by it.
 */
export function splitDataset(
  dataset: Pick<Dataset, "entries" | "labels"> & Partial<Pick<TableDataset, "times" | "horizon">>,
  options: SplitOptions,
): Split {
  const { entries, labels, times, horizon = 0 } = dataset;
  if (times !== undefined) return splitByTime(times, { ...options, horizon });
  const classes = new Map(labels.map((label, index) => [label, index]));
  // An image without a box has no label: they are a group of their own.
  const targets = entries.map(({ label }) => classes.get(label) ?? labels.length);
  return splitExamples(targets, { ...options, keys: entries.map(({ digest }) => digest) });
}

/**
 * The latest share of the rows for validation, every one of them later than all rows for training; rows of one time stay together. The
 * last `horizon` times before validation belong to neither side: their targets are made of what validation begins with. `times` ascend.
 * Throws `splitShare`.
 */
export function splitByTime(
  times: Float64Array,
  { validation, horizon = 0 }: { validation: number; horizon?: number },
): Split {
  if (!(validation >= 0 && validation < 1)) throw splitShare({ validation });
  const rows = Int32Array.from(times, (_, row) => row);
  let first = times.length - Math.round(times.length * validation);
  // A time that the border cuts goes to validation as a whole.
  while (first > 0 && first < times.length && times[first - 1] === times[first]) first--;
  let last = first;
  for (let left = 0; left < horizon && first < times.length && last > 0; left++) {
    const time = times[last - 1];
    while (last > 0 && times[last - 1] === time) last--;
  }
  return { train: rows.slice(0, last), validation: rows.slice(first) };
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
