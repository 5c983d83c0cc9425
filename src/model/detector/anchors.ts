/** @file The boxes that a detector starts from, which boxes of an image each is to find, and what is told of where they are. */
import { variances } from "../ssd/detect.ts";

/** Height and width in pixels of the image that the network sees. */
export type AnchorSize = readonly [height: number, width: number];

/** Left, top, right, bottom as shares of the image. */
export type Corners = readonly [left: number, top: number, right: number, bottom: number];

interface Size {
  height: number;
  width: number;
}

/** Rows of [centre x, centre y, width, height] as shares of the image: place by place of the feature map in rows, at each place one of each size. */
export function layOutAnchors(sizes: readonly AnchorSize[], map: Size, image: Size): Float32Array {
  const anchors = new Float32Array(map.height * map.width * sizes.length * 4);
  let at = 0;
  for (let y = 0; y < map.height; y++)
    for (let x = 0; x < map.width; x++)
      for (const [height, width] of sizes) {
        anchors.set([(x + 0.5) / map.width, (y + 0.5) / map.height, width / image.width, height / image.height], at);
        at += 4;
      }
  return anchors;
}

export interface Match {
  /** Row of the anchors. */
  anchor: number;
  /** Place among the boxes given. */
  box: number;
}

/** From this share of what both cover on, an anchor is to find a box. */
const leastOverlap = 0.5;

/**
 * SSD's matching: each anchor finds the box that it overlaps most, where that is by half or more; and each box is found by the anchor
 * that fits it best, whatever the overlap: the best pair is taken first, so that boxes side by side do not take each other's anchor. A
 * box that none overlaps, because anchors leave gaps, is found by the nearest. In the order of the anchors, each of which finds one box
 * at most; boxes beyond the number of anchors are found by none.
 */
export function matchAnchors(anchors: Float32Array, boxes: readonly Corners[]): Match[] {
  const count = anchors.length / 4;
  const found = new Map<number, { box: number; overlap: number }>();
  const pairs: { anchor: number; box: number; overlap: number }[] = [];
  for (let anchor = 0; anchor < count; anchor++) {
    const corners = cornersOf(anchors, anchor);
    for (const [box, wanted] of boxes.entries()) {
      const overlap = overlapOf(corners, wanted);
      if (overlap === 0) continue;
      pairs.push({ anchor, box, overlap });
      if (overlap >= leastOverlap && overlap > (found.get(anchor)?.overlap ?? 0)) found.set(anchor, { box, overlap });
    }
  }
  const best = new Map<number, number>();
  const give = (anchor: number, box: number, overlap: number): void => {
    best.set(anchor, box);
    found.set(anchor, { box, overlap });
  };
  const placed = new Set<number>();
  for (const { anchor, box, overlap } of pairs.toSorted((a, b) => b.overlap - a.overlap || a.anchor - b.anchor)) {
    if (best.has(anchor) || placed.has(box)) continue;
    placed.add(box);
    give(anchor, box, overlap);
  }
  for (const [box, corners] of boxes.entries()) {
    const nearest = placed.has(box) ? undefined : findNearest(anchors, corners, best);
    if (nearest !== undefined) give(nearest, box, 0);
  }
  return [...found].map(([anchor, { box }]) => ({ anchor, box })).toSorted((a, b) => a.anchor - b.anchor);
}

/** The anchor with the nearest centre that is not taken. */
function findNearest(
  anchors: Float32Array,
  [left, top, right, bottom]: Corners,
  taken: ReadonlyMap<number, number>,
): number | undefined {
  let nearest: { anchor: number; distance: number } | undefined;
  for (let anchor = 0; anchor < anchors.length / 4; anchor++) {
    const [x = 0, y = 0] = anchors.subarray(anchor * 4, anchor * 4 + 2);
    const distance = Math.hypot(x - (left + right) / 2, y - (top + bottom) / 2);
    if (!taken.has(anchor) && distance < (nearest?.distance ?? Infinity)) nearest = { anchor, distance };
  }
  return nearest?.anchor;
}

/** What the network is to say of a box at an anchor: the inverse of what `addDetections` does. */
export function encodeBox(anchors: Float32Array, anchor: number, [left, top, right, bottom]: Corners): number[] {
  const [x = 0, y = 0, width = 1, height = 1] = anchors.subarray(anchor * 4, anchor * 4 + 4);
  const [centre, size] = variances;
  return [
    ((left + right) / 2 - x) / width / centre,
    ((top + bottom) / 2 - y) / height / centre,
    Math.log((right - left) / width) / size,
    Math.log((bottom - top) / height) / size,
  ];
}

/** Intersection over union; 0 for boxes that do not touch. */
export function overlapOf(a: Corners, b: Corners): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (areaOf(a) + areaOf(b) - shared);
}

function areaOf([left, top, right, bottom]: Corners): number {
  return (right - left) * (bottom - top);
}

function cornersOf(anchors: Float32Array, anchor: number): Corners {
  const [x = 0, y = 0, width = 0, height = 0] = anchors.subarray(anchor * 4, anchor * 4 + 4);
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}
