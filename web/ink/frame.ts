/**
 * @file From strokes to the image a model was trained on. MNIST's digits were scaled into a 20 × 20 box, their shape kept, and
 * laid into 28 × 28 with their centre of mass in the middle (LeCun, Cortes, Burges). Because the ink is still vectors here,
 * only the shape is scaled: the pen keeps its width, so a digit drawn small does not come out fat.
 */
import { centreOfMass, rasterise } from "./raster.ts";
import { smooth } from "./smooth.ts";
import type { Point, Size, Stroke } from "./types.ts";

/** Side of MNIST's box, and width of its pen, as shares of the image's shorter side. */
const boxShare = 20 / 28;
const penShare = 2.6 / 28;

/** A dot is not blown up to fill the box. */
const mostEnlarged = 4;

/** The pen's width on the drawing area, in the image's pixels. */
export function penWidth(size: Size): number {
  return penShare * Math.min(size.height, size.width);
}

/** Coverage (0..1) of the drawing as it lies on the pad. */
export function frameAsDrawn(strokes: readonly Stroke[], size: Size): Float32Array {
  return rasterise(
    strokes.map((stroke) => smooth(stroke)),
    size,
    penWidth(size),
  );
}

/** Coverage (0..1) of the drawing scaled into MNIST's box and centred by mass. Nothing drawn gives an empty frame. */
export function frameCentred(strokes: readonly Stroke[], size: Size): Float32Array {
  const pen = penWidth(size);
  const curves = strokes.map((stroke) => smooth(stroke));
  const bounds = boundsOf(curves);
  if (bounds === undefined) return new Float32Array(size.height * size.width);
  const box = boxShare * Math.min(size.height, size.width) - pen;
  const extent = Math.max(bounds.right - bounds.left, bounds.bottom - bounds.top);
  const scale = Math.min(mostEnlarged, box / Math.max(extent, 1e-6));
  const middle = { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 };
  const scaled = curves.map((curve) =>
    curve.map(({ x, y }) => ({
      x: (x - middle.x) * scale + size.width / 2,
      y: (y - middle.y) * scale + size.height / 2,
    })),
  );
  const mass = centreOfMass(rasterise(scaled, size, pen), size)!;
  // A long tail may pull the mass so far that centring it would push ink over the edge: stop at the edge.
  const half = {
    x: (scale * (bounds.right - bounds.left) + pen) / 2,
    y: (scale * (bounds.bottom - bounds.top) + pen) / 2,
  };
  const shift = {
    x: clamp(size.width / 2 - mass.x, Math.max(0, size.width / 2 - half.x)),
    y: clamp(size.height / 2 - mass.y, Math.max(0, size.height / 2 - half.y)),
  };
  return rasterise(
    scaled.map((curve) => curve.map(({ x, y }) => ({ x: x + shift.x, y: y + shift.y }))),
    size,
    pen,
  );
}

/** Coverage as bytes of RGBA, the way a canvas takes them: light ink on black as MNIST has it, or dark ink on white. */
export function toPixels(coverage: Float32Array, ink: "light" | "dark"): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(coverage.length * 4);
  for (const [at, share] of coverage.entries()) {
    const value = ink === "light" ? share * 255 : 255 - share * 255;
    pixels.fill(value, at * 4, at * 4 + 3);
    pixels[at * 4 + 3] = 255;
  }
  return pixels;
}

interface Bounds {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function boundsOf(curves: readonly (readonly Point[])[]): Bounds | undefined {
  const points = curves.flat();
  if (points.length === 0) return undefined;
  const bounds = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value));
}
