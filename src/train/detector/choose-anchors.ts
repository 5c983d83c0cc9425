/** @file Sizes to start from, taken from the boxes that there are: k-means by overlap (Redmon and Farhadi 2017, YOLO9000, section 2). */
import type { AnchorSize } from "../../model/detector/anchors.ts";

const most = 6;
/** Boxes are covered so well on average, were each in the middle of its anchor: then more sizes bring little. */
const enough = 0.7;
const rounds = 50;

/** As few sizes, up to six, as cover the boxes well; in whole pixels, the smallest first. The order of the boxes does not matter. */
export function chooseAnchors(boxes: readonly AnchorSize[]): AnchorSize[] {
  const sorted = boxes.toSorted((a, b) => a[0] * a[1] - b[0] * b[1] || a[0] - b[0]);
  let sizes: AnchorSize[] = [];
  for (let count = 1; count <= most; count++) {
    sizes = cluster(sorted, count);
    if (meanOverlap(sorted, sizes) >= enough) break;
  }
  const rounded = sizes.map(([height, width]): AnchorSize => [atLeastOne(height), atLeastOne(width)]);
  return [...new Map(rounded.map((size) => [size.join(), size])).values()];
}

/** `boxes` by area; the first centres lie evenly among them. */
function cluster(boxes: readonly AnchorSize[], count: number): AnchorSize[] {
  let centres = Array.from({ length: count }, (_, index) => boxes[Math.floor(((index + 0.5) * boxes.length) / count)]!);
  for (let round = 0; round < rounds; round++) {
    const groups = Map.groupBy(boxes, (box) => findNearest(box, centres).index);
    const moved = centres.map((centre, index) => meanOf(groups.get(index) ?? [centre]));
    if (moved.every((size, index) => size.join() === centres[index]?.join())) break;
    centres = moved;
  }
  return centres;
}

function meanOverlap(boxes: readonly AnchorSize[], sizes: readonly AnchorSize[]): number {
  return boxes.reduce((sum, box) => sum + findNearest(box, sizes).overlap, 0) / boxes.length;
}

function findNearest(box: AnchorSize, sizes: readonly AnchorSize[]): { index: number; overlap: number } {
  let best = { index: 0, overlap: -1 };
  for (const [index, size] of sizes.entries()) {
    const overlap = overlapOf(box, size);
    if (overlap > best.overlap) best = { index, overlap };
  }
  return best;
}

/** Of two boxes with one middle. */
function overlapOf([height, width]: AnchorSize, [otherHeight, otherWidth]: AnchorSize): number {
  const shared = Math.min(height, otherHeight) * Math.min(width, otherWidth);
  return shared / (height * width + otherHeight * otherWidth - shared);
}

function meanOf(boxes: readonly AnchorSize[]): AnchorSize {
  const mean = (axis: 0 | 1): number => boxes.reduce((sum, box) => sum + box[axis], 0) / boxes.length;
  return [mean(0), mean(1)];
}

function atLeastOne(side: number): number {
  return Math.max(1, Math.round(side));
}
