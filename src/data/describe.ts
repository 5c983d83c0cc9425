import { labelOf } from "./compare.ts";
import type { Difference, Move } from "./compare.ts";
import { boundedLines, printable } from "./faults.ts";

/**
 * A difference in lines for people: one line for each kind of change with its count, moves between labels told by label, and at most
 * `most` paths of each kind. `unit` is what one of them is called. No line for what did not happen; no line at all for no difference.
 */
export function describeDifference(difference: Difference, most = 5, unit = "image"): string[] {
  const { added, removed, changed, renamed, relabelled, swapped } = difference;
  return [
    ...describe(
      "swapped between two paths",
      swapped.map(([a, b]) => `${printable(a)} ↔ ${printable(b)}`),
      most,
      "pair",
    ),
    ...describeRelabelled(relabelled, most, unit),
    ...describe("changed", changed.map(printable), most, unit),
    ...describe("removed", removed.map(printable), most, unit),
    ...describe("added", added.map(printable), most, unit),
    ...describe("renamed", renamed.map(arrow), most, unit),
  ];
}

function describeRelabelled(moves: readonly Move[], most: number, unit: string): string[] {
  const groups = Map.groupBy(
    moves,
    ({ from, to }) => `moved from label ${printable(labelOf(from))} to ${printable(labelOf(to))}`,
  );
  return [...groups].flatMap(([what, group]) => describe(what, group.map(arrow), most, unit));
}

function describe(what: string, each: readonly string[], most: number, unit: string): string[] {
  if (each.length === 0) return [];
  const count = `${each.length.toLocaleString("en")} ${unit}${each.length === 1 ? "" : "s"}`;
  return [`${count} ${what}: ${boundedLines(each, most).join(", ")}`];
}

function arrow({ from, to }: Move): string {
  return `${printable(from)} → ${printable(to)}`;
}
