/** @file What is worth knowing of images with boxes that can all be used. */
import { boundedLines, printable } from "../faults.ts";
import type { BoxDataset, DatasetWarning } from "../types.ts";
import { findWarnings } from "../warnings.ts";
import type { Coco } from "./parse.ts";

export function findBoxWarnings(
  { entries, files, boxes, labels, source }: Omit<BoxDataset, "warnings">,
  { unused, crowds }: Pick<Coco, "unused" | "crowds">,
): DatasetWarning[] {
  const warnings: DatasetWarning[] = [];
  const add = (kind: DatasetWarning["kind"], message: string, paths: readonly string[]): void =>
    void warnings.push({ kind, message, paths });
  const { annotations } = source;
  if (unused.length > 0) add("ignored", `no box is of ${names(unused)}: not learned`, [annotations]);
  if (crowds > 0) {
    const what =
      crowds === 1
        ? "1 region of crowds (iscrowd) is"
        : `${crowds.toLocaleString("en")} regions of crowds (iscrowd) are`;
    add("ignored", `${what} left out`, [annotations]);
  }
  const copies = [...Map.groupBy(files, ({ digest }) => digest).values()].filter((same) => same.length > 1);
  if (copies.length > 0) {
    const groups = copies.map((same) => same.map(({ path }) => path).join(" = "));
    add(
      "duplicate",
      `the same image more than once: ${names(groups)}`,
      copies.flat().map(({ path }) => path),
    );
  }
  const shown = boxes.map((own) => new Set(own.map(({ label }) => label)));
  const single = labels.filter((_, label) => shown.filter((own) => own.has(label)).length === 1);
  if (single.length > 0) {
    const rows = entries.filter((_, row) => [...shown[row]!].some((label) => single.includes(labels[label]!)));
    add(
      "single",
      `labels that one image shows, which are trained on or validated, never both: ${names(single)}`,
      rows.map(({ path }) => path),
    );
  }
  return [...warnings, ...findWarnings(entries, [], { stratified: false })];
}

function names(all: readonly string[]): string {
  return boundedLines(all.map(printable), 5).join(", ");
}
