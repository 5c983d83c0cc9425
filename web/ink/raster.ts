import type { Point, Size } from "./types.ts";

/**
 * How much of each pixel the ink covers, 0..1, row by row. A curve is a polyline drawn with a round pen; its edge is
 * antialiased by the distance to the pixel's centre, and where curves cross the ink is not laid on twice.
 */
export function rasterise(curves: readonly (readonly Point[])[], size: Size, pen: number): Float32Array {
  const coverage = new Float32Array(size.height * size.width);
  for (const curve of curves) {
    for (let at = 0; at < Math.max(1, curve.length - 1); at++) {
      const from = curve[at];
      if (from !== undefined) cover(coverage, size, from, curve[at + 1] ?? from, pen / 2);
    }
  }
  return coverage;
}

/** The point where the ink would balance, in pixels; undefined where there is none. */
export function centreOfMass(coverage: Float32Array, { width }: Size): Point | undefined {
  let [mass, x, y] = [0, 0, 0];
  for (const [at, weight] of coverage.entries()) {
    mass += weight;
    x += weight * ((at % width) + 0.5);
    y += weight * (Math.floor(at / width) + 0.5);
  }
  return mass === 0 ? undefined : { x: x / mass, y: y / mass };
}

function cover(coverage: Float32Array, { height, width }: Size, a: Point, b: Point, radius: number): void {
  const reach = radius + 0.5;
  const [left, right] = within(Math.min(a.x, b.x) - reach, Math.max(a.x, b.x) + reach, width);
  const [top, bottom] = within(Math.min(a.y, b.y) - reach, Math.max(a.y, b.y) + reach, height);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const ink = reach - distanceToSegment(column + 0.5, row + 0.5, a, b);
      const at = row * width + column;
      if (ink > coverage[at]!) coverage[at] = Math.min(1, ink);
    }
  }
}

function within(low: number, high: number, length: number): [from: number, to: number] {
  return [Math.max(0, Math.floor(low)), Math.min(length, Math.ceil(high))];
}

function distanceToSegment(x: number, y: number, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length));
  return Math.hypot(x - a.x - along * dx, y - a.y - along * dy);
}
