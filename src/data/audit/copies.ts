/** @file The same picture under two labels. */
import { at } from "./rules.ts";
import type { Suspicion, Table } from "./types.ts";

/** Rows that show the same picture: groups of at least two. Exact by bytes of pixels, or all but the same. */
export interface CopyInput {
  targets: ArrayLike<number>;
  /** Pairs of rows that show the same picture. */
  same: readonly (readonly [number, number])[];
  mix: Table;
}

/** In each group of copies under several labels, all but those of the likeliest label are doubted. */
export function findWrongCopies({ targets, same, mix }: CopyInput): Suspicion[] {
  return groupRows(same).flatMap((rows) => {
    const labels = new Set(rows.map((row) => targets[row]!));
    if (labels.size < 2) return [];
    // Copies have seen each other's labels; the margin still tells them apart, since all other pictures of a label speak too.
    const weight = (label: number): number => rows.reduce((sum, row) => sum + at(mix, row, label), 0);
    const likeliest = [...labels].toSorted((a, b) => weight(b) - weight(a) || a - b)[0]!;
    const right = rows.find((row) => targets[row] === likeliest)!;
    return rows
      .filter((row) => targets[row] !== likeliest)
      .map((row) => {
        const label = targets[row]!;
        const margin = at(mix, row, likeliest) - at(mix, row, label);
        return { row, kind: "copy" as const, label, looksLike: likeliest, margin, copyOf: right };
      });
  });
}

/** Connected rows, each group in ascending order. */
function groupRows(pairs: CopyInput["same"]): number[][] {
  const leader = new Map<number, number>();
  const find = (row: number): number => {
    const above = leader.get(row) ?? row;
    if (above === row) return row;
    const top = find(above);
    leader.set(row, top);
    return top;
  };
  for (const [a, b] of pairs) {
    const [low, high] = [find(a), find(b)].toSorted((x, y) => x - y) as [number, number];
    leader.set(low, low);
    leader.set(high, low);
  }
  return [...Map.groupBy(leader.keys(), find).values()].map((rows) => rows.toSorted((a, b) => a - b));
}
