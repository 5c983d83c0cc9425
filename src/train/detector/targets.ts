import type { LabelledBox } from "../../data/types.ts";
import type { Targets } from "../sequential/aim.ts";

/** Boxes of all rows as plain arrays, which threads can share. */
export function toTargets(
  anchors: Float32Array,
  boxes: readonly (readonly LabelledBox[])[],
): Extract<Targets, { kind: "boxes" }> {
  const starts = new Int32Array(boxes.length + 1);
  for (const [row, own] of boxes.entries()) starts[row + 1] = starts[row]! + own.length;
  const all = boxes.flat();
  return {
    kind: "boxes",
    anchors,
    starts,
    classes: Int32Array.from(all, ({ label }) => label),
    corners: Float32Array.from(all.flatMap(({ corners }) => corners)),
  };
}
