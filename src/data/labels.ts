import { compareBytes } from "./merkle.ts";
import type { BoxDataset, Dataset } from "./types.ts";

/** As numbers where all are whole numbers (2 before 10), else by the bytes of their names. */
export function sortLabels(labels: Iterable<string>): string[] {
  const all = [...labels];
  const numeric = all.every((label) => /^\d+$/.test(label));
  return all.toSorted((a, b) => (numeric ? compareNumbers(a, b) : 0) || compareBytes(a, b));
}

/** Digits may be more than a number holds. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [BigInt(a), BigInt(b)];
  return left < right ? -1 : Number(left > right);
}

/** How many there are of each label: rows, or boxes where a row has several. */
export function countLabels(
  dataset: Pick<Dataset, "labels" | "entries"> & Partial<Pick<BoxDataset, "boxes">>,
): Record<string, number> {
  const { labels, entries, boxes } = dataset;
  const counts = new Map(labels.map((label) => [label, 0]));
  const all = boxes === undefined ? entries.map(({ label }) => label) : boxes.flat().map(({ label }) => labels[label]!);
  for (const label of all) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Object.fromEntries(counts);
}
