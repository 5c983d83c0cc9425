/** @file Boxes in pixels as shares of the image that they lie in. */
import type { Corners, DatasetFault } from "../types.ts";
import type { CocoImage } from "./parse.ts";

export interface Pixels {
  width: number;
  height: number;
}

/** Tools round: a box may reach so many pixels over the image's edge, and is cut there. */
const slack = 1;

/** The image's boxes in an order of their own, or why a box cannot be in it. */
export function toCorners(
  { objects, name }: CocoImage,
  { width, height }: Pixels,
): { objects: { label: string; corners: Corners }[]; faults: DatasetFault[] } {
  const faults: DatasetFault[] = [];
  const found = objects.flatMap(({ label, box, at }) => {
    const [x, y, wide, high] = box;
    const outside = x < -slack || y < -slack || x + wide > width + slack || y + high > height + slack;
    const corners = [x / width, y / height, (x + wide) / width, (y + high) / height].map((share) =>
      Math.min(1, Math.max(0, share)),
    ) as unknown as Corners;
    const empty = corners[0] >= corners[2] || corners[1] >= corners[3];
    if (!outside && !empty) return [{ label, corners }];
    const message = `has the bbox ${JSON.stringify(box)}, which lies outside of ${name} with its ${width} × ${height} pixels`;
    faults.push({ kind: "box", path: at, message });
    return [];
  });
  const key = ({ label, corners }: (typeof found)[number]): string => `${corners.join()} ${label}`;
  return { objects: found.toSorted((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b)))), faults };
}
