import { labelOf } from "./compare.ts";
import type { Difference, Move } from "./compare.ts";
import { boundedLines, printable } from "./faults.ts";

/**
 * A difference in lines for people: one line for each kind of change with its count, moves between labels told by label, and at most
 * `most` paths of each kind. No line for what did not happen; no line at all for no difference.
 */
export function describeDifference(difference: Difference, most = 5): string[] {
  const { added, removed, changed, renamed, relabelled, swapped } = difference;
  return [
    ...describe(
      "swapped between two paths",
      swapped.map(([a, b]) => `${printable(a)} ↔ ${printable(b)}`),
      most,
      "pair",
    ),
    ...describeRelabelled(relabelled, most),
    ...describe("changed", changed.map(printable), most),
    ...describe("removed", removed.map(printable), most),
    ...describe("added", added.map(printable), most),
    ...describe("renamed", renamed.map(arrow), most),
  ];
}

function describeRelabelled(moves: readonly Move[], most: number): string[] {
  const groups = Map.groupBy(
    moves,
    ({ from, to }) => `moved from label ${printable(labelOf(from))} to ${printable(labelOf(to))}`,
  );
  return [...groups].flatMap(([what, group]) => describe(what, group.map(arrow), most));
}

function describe(what: string, each: readonly string[], most: number, unit = "image"): string[] {
  if (each.length === 0) return [];
  const count = `${each.length.toLocaleString("en")} ${unit}${each.length === 1 ? "" : "s"}`;
  return [`${count} ${what}: ${boundedLines(each, most).join(", ")}`];
}

function arrow({ from, to }: Move): string {
  return `${printable(from)} → ${printable(to)}`;
}
