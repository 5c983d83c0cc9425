/** @file What the network is to say of each image, worked out once: which anchors find which box. */
import type { LabelledBox } from "../../data/types.ts";
import { encodeBox, matchAnchors } from "../../model/detector/anchors.ts";
import type { FeedTargets } from "../sequential/feed.ts";

/** Of all rows, those of validation included: rows keep their numbers. */
export function toTargets(
  anchors: Float32Array,
  boxes: readonly (readonly LabelledBox[])[],
): Extract<FeedTargets, { kind: "boxes" }> {
  const rows = boxes.map((own) =>
    matchAnchors(
      anchors,
      own.map(({ corners }) => corners),
    ).map(({ anchor, box }) => ({ anchor, ...own[box]! })),
  );
  const starts = new Int32Array(rows.length + 1);
  for (const [row, matches] of rows.entries()) starts[row + 1] = starts[row]! + matches.length;
  const all = rows.flat();
  return {
    kind: "boxes",
    starts,
    anchors: Int32Array.from(all, ({ anchor }) => anchor),
    classes: Int32Array.from(all, ({ label }) => label + 1),
    offsets: Float32Array.from(all.flatMap(({ anchor, corners }) => encodeBox(anchors, anchor, corners))),
  };
}
