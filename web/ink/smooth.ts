import type { Point, Stroke } from "./types.ts";

/**
 * A smooth curve through a hand's points: nearer points than `spacing` are dropped, the jitter is averaged away, and a
 * Catmull-Rom spline is laid through the rest, sampled about every `spacing` pixels. Ends stay where the pen was.
 */
export function smooth(stroke: Stroke, spacing = 0.4): Point[] {
  const knots = steady(thin(stroke, spacing));
  if (knots.length < 3) return knots;
  const curve: Point[] = [knots[0]!];
  for (let at = 0; at < knots.length - 1; at++) {
    const [before, from, to, after] = [
      knots[at - 1] ?? knots[at]!,
      knots[at]!,
      knots[at + 1]!,
      knots[at + 2] ?? knots[at + 1]!,
    ];
    const pieces = Math.max(1, Math.ceil(distance(from, to) / spacing));
    for (let piece = 1; piece <= pieces; piece++) curve.push(spline(before, from, to, after, piece / pieces));
  }
  return curve;
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Keeps the first and the last point, and of the others those that moved on. */
function thin(stroke: Stroke, spacing: number): Point[] {
  const kept: Point[] = [];
  for (const point of stroke) {
    const last = kept.at(-1);
    if (last === undefined || distance(last, point) >= spacing) kept.push(point);
  }
  const end = stroke.at(-1);
  if (end !== undefined && kept.length > 1 && distance(kept.at(-1)!, end) > 0) kept[kept.length - 1] = end;
  return kept;
}

function steady(points: readonly Point[]): Point[] {
  return points.map((point, at) => {
    const before = points[at - 1];
    const after = points[at + 1];
    if (before === undefined || after === undefined) return point;
    return { x: (before.x + 2 * point.x + after.x) / 4, y: (before.y + 2 * point.y + after.y) / 4 };
  });
}

function spline(p0: Point, p1: Point, p2: Point, p3: Point, t: number): Point {
  const along = (a: number, b: number, c: number, d: number) =>
    b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  return { x: along(p0.x, p1.x, p2.x, p3.x), y: along(p0.y, p1.y, p2.y, p3.y) };
}
