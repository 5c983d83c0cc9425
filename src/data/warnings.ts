import { boundedLines, printable } from "./faults.ts";
import type { DatasetEntry, DatasetWarning } from "./types.ts";

const mostNamed = 5;

/** What is worth telling about files, or rows, that can all be used. `unit` is what one of them is called; rows that are not `stratified` are not split label by label. */
export function findWarnings(
  entries: readonly DatasetEntry[],
  ignored: readonly string[],
  { unit = "image", stratified = true }: { unit?: "image" | "text" | "row"; stratified?: boolean } = {},
): DatasetWarning[] {
  const warnings: DatasetWarning[] = [];
  const add = (kind: DatasetWarning["kind"], message: string, paths: readonly string[]): void =>
    void warnings.push({ kind, message, paths });

  if (ignored.length > 0) add("ignored", `not part of the dataset: ${names(ignored.map(printable))}`, ignored);

  const conflicting = groupBy(entries, ({ digest }) => digest).filter(
    (same) => new Set(same.map(({ label }) => label)).size > 1,
  );
  if (conflicting.length > 0) {
    const groups = conflicting.map((same) => same.map(({ path, at }) => printable(at ?? path)).join(" = "));
    add(
      "duplicate",
      `the same ${unit} under different labels: ${names(groups)}`,
      conflicting.flat().map(({ path }) => path),
    );
  }

  const single = groupBy(entries, ({ label }) => label).filter((same) => same.length === 1);
  if (single.length > 0 && stratified) {
    add(
      "single",
      `labels with one ${unit}, which is never validated: ${names(single.map(([only]) => printable(only!.label)))}`,
      single.flat().map(({ path }) => path),
    );
  }

  const labels = new Set(entries.map(({ label }) => label));
  const alike = [...Map.groupBy(labels, (label) => label.trim().normalize("NFKC").toLowerCase()).values()].filter(
    (same) => same.length > 1,
  );
  if (unit !== "image" && alike.length > 0) {
    const groups = alike.map((same) => same.map((label) => JSON.stringify(label)).join(" = "));
    add("collision", `labels that differ in letter case or spaces alone: ${names(groups)}`, alike.flat());
  }
  if (unit !== "image") return warnings;

  // macOS and Windows take such paths for one file: a copy there loses one of them.
  const colliding = groupBy(entries, ({ path }) => path.normalize("NFC").toLowerCase()).filter(
    (same) => same.length > 1,
  );
  if (colliding.length > 0) {
    const groups = colliding.map((same) => same.map(({ path }) => printable(path)).join(" = "));
    add(
      "collision",
      `names that are one file on other systems: ${names(groups)}`,
      colliding.flat().map(({ path }) => path),
    );
  }
  return warnings;
}

function groupBy(entries: readonly DatasetEntry[], key: (entry: DatasetEntry) => string): DatasetEntry[][] {
  return [...Map.groupBy(entries, key).values()];
}

function names(all: readonly string[]): string {
  return boundedLines(all, mostNamed).join(", ");
}
