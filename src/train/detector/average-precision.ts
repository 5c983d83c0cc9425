/** @file How well boxes are found: average precision at an overlap of one half, as Pascal VOC and COCO (AP50) define it. */
import type { LabelledBox } from "../../data/types.ts";
import { overlapOf } from "../../model/detector/anchors.ts";

export interface FoundBox extends LabelledBox {
  score: number;
}

/** One image: what was found in it, in any order, and what is there. */
export interface Inspected {
  found: readonly FoundBox[];
  wanted: readonly LabelledBox[];
}

/** A box is found where what both cover is this share of what either covers. */
const leastOverlap = 0.5;

/**
 * The mean over the labels that there are boxes of, and the average precision of each label (undefined where there is none): the area
 * under precision as a function of recall, where precision at a recall is the best at that or any higher one (all points, not 11 or
 * 101 of them). Boxes found are taken in the order of their scores, those of one score as they come; each takes the box of its label and
 * image that it overlaps most among those not yet taken. NaN where there is no box at all.
 */
export function averagePrecision(
  images: readonly Inspected[],
  classes: number,
): { mean: number; byLabel: (number | undefined)[] } {
  const byLabel = Array.from({ length: classes }, (_, label) => precisionOf(images, label));
  const measured = byLabel.filter((value) => value !== undefined);
  return { mean: measured.reduce((sum, value) => sum + value, 0) / measured.length, byLabel };
}

function precisionOf(images: readonly Inspected[], label: number): number | undefined {
  const wanted = images.map((image) => image.wanted.filter((box) => box.label === label));
  const count = wanted.reduce((sum, boxes) => sum + boxes.length, 0);
  if (count === 0) return undefined;
  const found = images
    .flatMap((image, index) => image.found.filter((box) => box.label === label).map((box) => ({ ...box, index })))
    .toSorted((a, b) => b.score - a.score);
  const free = wanted.map((boxes) => new Set(boxes));
  const hits = found.map(({ corners, index }) => take(free[index], corners));
  return areaUnder(hits, count);
}

function take(free: Set<LabelledBox> | undefined, corners: LabelledBox["corners"]): boolean {
  let best: { box: LabelledBox; overlap: number } | undefined;
  for (const box of free ?? []) {
    const overlap = overlapOf(corners, box.corners);
    if (overlap >= leastOverlap && overlap > (best?.overlap ?? 0)) best = { box, overlap };
  }
  return best !== undefined && free?.delete(best.box) === true;
}

/** `hits`, best score first, of `count` boxes that are there. */
function areaUnder(hits: readonly boolean[], count: number): number {
  let right = 0;
  const precisions = hits.map((hit, index) => (right += Number(hit)) / (index + 1));
  let area = 0;
  let best = 0;
  for (let index = hits.length - 1; index >= 0; index--) {
    best = Math.max(best, precisions[index] ?? 0);
    if (hits[index] === true) area += best / count;
  }
  return area;
}
