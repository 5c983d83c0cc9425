/** @file What augmentations do to one image. The reference; src/kernels/assembly/augment.ts does the same, bit for bit. */
import type { Augmentation } from "../types.ts";
import { signedUnit, streams } from "./random.ts";

/** The result's pixel (x, y) is the source's (a x + b y + c, d x + e y + f). */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

interface Size {
  height: number;
  width: number;
}

/** Draws the augmentations of one row in one epoch, as one map. They are applied to the image in the list's order. */
export function drawAffine(
  augment: readonly Augmentation[],
  size: Size,
  seed: number,
  epoch: number,
  row: number,
): Affine {
  const draw = (index: number, part: number): number => signedUnit(seed, streams.augment, epoch, row, index, part);
  let map: Affine = [1, 0, 0, 0, 1, 0];
  for (const [index, augmentation] of augment.entries()) {
    // The map leads from the result back to the source, so what is applied later is undone first.
    map = compose(map, undo(augmentation, size, draw(index, 0), draw(index, 1)));
  }
  return map;
}

function undo(augmentation: Augmentation, { height, width }: Size, first: number, second: number): Affine {
  if (augmentation.kind === "shift") return [1, 0, -first * augmentation.pixels, 0, 1, -second * augmentation.pixels];
  if (augmentation.kind === "flip") return first < 0 ? [-1, 0, width - 1, 0, 1, 0] : [1, 0, 0, 0, 1, 0];
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  if (augmentation.kind === "scale") {
    const factor = 1 / (1 + first * augmentation.share);
    return [factor, 0, x * (1 - factor), 0, factor, y * (1 - factor)];
  }
  const angle = (first * augmentation.degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y];
}

/** First `inner`, then `outer`, as maps of coordinates. */
function compose([a, b, c, d, e, f]: Affine, [p, q, r, s, t, u]: Affine): Affine {
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

export interface ImageShape extends Size {
  channels: number;
}

/** `source`: bytes of height × width × channels; `target`: floats 0..1 of channels × height × width. Bilinear; outside, the edge goes on. */
export function warp(
  source: Uint8Array,
  target: Float32Array,
  { height, width, channels }: ImageShape,
  map: Affine,
): void {
  const fround = Math.fround;
  const [a, b, c, d, e, f] = map.map(fround) as unknown as Affine;
  const scale = fround(1 / 255);
  const line = width * channels;
  const plane = height * width;
  const [lastLeft, lastTop] = [Math.max(width - 2, 0), Math.max(height - 2, 0)];
  const across = width > 1 ? channels : 0;
  const down = height > 1 ? line : 0;
  for (let y = 0; y < height; y++) {
    const rowX = fround(fround(b * y) + c);
    const rowY = fround(fround(e * y) + f);
    for (let x = 0; x < width; x++) {
      const atX = Math.min(Math.max(fround(fround(a * x) + rowX), 0), width - 1);
      const atY = Math.min(Math.max(fround(fround(d * x) + rowY), 0), height - 1);
      // At the last pixel: all of the right neighbour of the one before.
      const left = Math.min(atX | 0, lastLeft);
      const top = Math.min(atY | 0, lastTop);
      const u = fround(atX - left);
      const v = fround(atY - top);
      for (let k = 0; k < channels; k++) {
        const s = top * line + left * channels + k;
        const p = source[s] ?? 0;
        const r = source[s + down] ?? 0;
        const upper = fround(p + fround(u * ((source[s + across] ?? 0) - p)));
        const lower = fround(r + fround(u * ((source[s + down + across] ?? 0) - r)));
        target[k * plane + y * width + x] = fround(fround(upper + fround(v * fround(lower - upper))) * scale);
      }
    }
  }
}

/** The image as it is: bytes of height × width × channels to floats 0..1 of channels × height × width. */
export function unwarped(source: Uint8Array, target: Float32Array, { height, width, channels }: ImageShape): void {
  const plane = height * width;
  if (channels === 1) {
    for (let i = 0; i < plane; i++) target[i] = toUnit[source[i] ?? 0] ?? 0;
    return;
  }
  for (let k = 0; k < channels; k++) {
    for (let i = 0; i < plane; i++) target[k * plane + i] = toUnit[source[i * channels + k] ?? 0] ?? 0;
  }
}

/** A byte times 1/255, both float32, as the exported model scales it. */
const toUnit = Float32Array.from({ length: 256 }, (_, byte) => Math.fround(byte * Math.fround(1 / 255)));
