import { expect, test } from "vitest";
import { loadKernels } from "../../kernels/load.ts";
import { flip, rotate, scale, shift } from "../augmentations.ts";
import type { LoopExports } from "./kernels.ts";
import { type Affine, drawAffine, type ImageShape, unwarped, warp } from "./warp.ts";

const image: ImageShape = { height: 7, width: 6, channels: 3 };
const source = Uint8Array.from({ length: 7 * 6 * 3 }, (_, i) => (i * 37 + (i >> 3) * 11) % 256);

function warped(map: Affine, shape: ImageShape = image, pixels = source): number[] {
  const target = new Float32Array(shape.height * shape.width * shape.channels);
  warp(pixels, target, shape, map);
  return [...target];
}

test("the map that changes nothing gives the image as it is, in planes of 0..1", () => {
  const plain = new Float32Array(source.length);
  unwarped(source, plain, image);
  expect(warped([1, 0, 0, 0, 1, 0])).toEqual([...plain]);
  expect(plain[0]).toBe(Math.fround((source[0] ?? 0) * Math.fround(1 / 255)));
  // Plane 1 begins with the second channel of the first pixel.
  expect(plain[42]).toBeCloseTo((source[1] ?? 0) / 255, 6);
});

test("a shift by whole pixels moves them, and the edge goes on", () => {
  const line: ImageShape = { height: 1, width: 4, channels: 1 };
  const pixels = Uint8Array.of(0, 51, 102, 255);
  const at = (map: Affine): number[] => warped(map, line, pixels).map((value) => Math.round(value * 255));
  expect(at([1, 0, -1, 0, 1, 0])).toEqual([0, 0, 51, 102]);
  expect(at([1, 0, 2, 0, 1, 0])).toEqual([102, 255, 255, 255]);
  expect(at([1, 0, 0.5, 0, 1, 0])).toEqual([26, 77, 179, 255]);
});

test("a quarter turn about the centre is a quarter turn", () => {
  const square: ImageShape = { height: 3, width: 3, channels: 1 };
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
  const turned = warped([0, 1, 0, -1, 0, 2], square, pixels).map((value) => Math.round(value * 255));
  expect(turned).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
});

test("draws stay within what was asked for, use all of it, and depend on seed, epoch and row alone", () => {
  const size = { height: 28, width: 28 };
  const draws = Array.from({ length: 2000 }, (_, row) => drawAffine([shift(2)], size, 1, 3, row));
  const across = draws.map((map) => map[2]);
  expect(Math.max(...across)).toBeLessThanOrEqual(2);
  expect(Math.max(...across)).toBeGreaterThan(1.9);
  expect(Math.min(...across)).toBeLessThan(-1.9);
  expect(Math.abs(across.reduce((all, value) => all + value, 0) / 2000)).toBeLessThan(0.15);

  const all = [shift(2), rotate(15), scale(0.2)];
  expect(drawAffine(all, size, 1, 3, 7)).toEqual(drawAffine(all, size, 1, 3, 7));
  for (const other of [
    drawAffine(all, size, 2, 3, 7),
    drawAffine(all, size, 1, 4, 7),
    drawAffine(all, size, 1, 3, 8),
  ]) {
    expect(other).not.toEqual(drawAffine(all, size, 1, 3, 7));
  }
});

test("rotation and scale leave the centre where it is; scale draws within its share", () => {
  const size = { height: 9, width: 5 };
  for (let row = 0; row < 50; row++) {
    const [a, b, c, d, e, f] = drawAffine([rotate(30), scale(0.25)], size, 5, 0, row);
    expect(a * 2 + b * 4 + c).toBeCloseTo(2, 6);
    expect(d * 2 + e * 4 + f).toBeCloseTo(4, 6);
    const factor = 1 / Math.sqrt(a * e - b * d);
    expect(factor).toBeGreaterThan(0.75 - 1e-9);
    expect(factor).toBeLessThan(1.25 + 1e-9);
  }
});

test("the kernel gives the reference's bits, for grey and colour", async () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const kernels = await loadKernels<LoopExports>(memory);
  for (const shape of [
    image,
    { height: 9, width: 14, channels: 1 },
    { height: 1, width: 5, channels: 1 },
    { height: 3, width: 4, channels: 3 },
  ]) {
    const bytes = new Uint8Array(memory.buffer, 65_536, shape.height * shape.width * shape.channels);
    bytes.set(source.subarray(0, bytes.length));
    const target = new Float32Array(memory.buffer, 65_536 + 4096, bytes.length);
    for (let row = 0; row < 40; row++) {
      const map = drawAffine([shift(3), rotate(40), scale(0.5), flip()], shape, 1, 0, row);
      kernels.warp(bytes.byteOffset, target.byteOffset, shape.height, shape.width, shape.channels, ...map);
      expect([...target]).toEqual(warped(map, shape, bytes.slice()));
    }
  }
});
