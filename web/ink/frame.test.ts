import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameAsDrawn, frameCentred, toPixels } from "./frame.ts";
import { centreOfMass } from "./raster.ts";
import type { Stroke } from "./types.ts";

const size = { height: 28, width: 28 };
const seven: Stroke = [
  { x: 2, y: 2 },
  { x: 9, y: 2 },
  { x: 5, y: 12 },
];

function inked(coverage: Float32Array, width: number) {
  const at = [...coverage.keys()].filter((index) => coverage[index]! > 0.5);
  const columns = at.map((index) => index % width);
  const rows = at.map((index) => Math.floor(index / width));
  return {
    left: Math.min(...columns),
    right: Math.max(...columns),
    top: Math.min(...rows),
    bottom: Math.max(...rows),
  };
}

describe("centred, as MNIST has it", () => {
  test("the longer side fills twenty pixels", () => {
    const { top, bottom } = inked(frameCentred([seven], size), 28);
    expect(bottom - top + 1).toBeGreaterThanOrEqual(19);
    expect(bottom - top + 1).toBeLessThanOrEqual(20);
  });

  test("the mass lies in the middle", () => {
    const mass = centreOfMass(frameCentred([seven], size), size)!;
    expect(mass.x).toBeCloseTo(14, 0);
    expect(mass.y).toBeCloseTo(14, 0);
  });

  test("where and how large it was drawn does not matter", () => {
    const moved = seven.map(({ x, y }) => ({ x: x * 1.8 + 7, y: y * 1.8 + 3 }));
    const [a, b] = [frameCentred([seven], size), frameCentred([moved], size)];
    const difference = a.reduce((total, value, at) => total + Math.abs(value - b[at]!), 0) / 784;
    expect(difference).toBeLessThan(0.01);
  });

  test("a dot is not blown up", () => {
    const { top, bottom } = inked(frameCentred([[{ x: 20, y: 3 }]], size), 28);
    expect(bottom - top + 1).toBeLessThanOrEqual(3);
  });

  test("nothing drawn is an empty frame", () => {
    expect(frameCentred([], size)).toEqual(new Float32Array(784));
  });

  test("whatever is drawn stays inside the frame and fills it alike, for any size of model", () => {
    const coordinate = fc.double({ min: 0, max: 1, noNaN: true });
    const strokes = fc.array(fc.array(fc.record({ x: coordinate, y: coordinate }), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(strokes, fc.constantFrom([28, 28], [40, 24], [16, 64]), (drawn, [height = 28, width = 28]) => {
        const scaled = drawn.map((stroke) => stroke.map(({ x, y }) => ({ x: x * width, y: y * height })));
        const coverage = frameCentred(scaled, { height, width });
        expect(coverage.every((share) => share >= 0 && share <= 1)).toBe(true);
        expect(coverage.some((share) => share > 0.5)).toBe(true);
        const edge = [...coverage.keys()].filter(
          (at) => at < width || at >= width * (height - 1) || at % width === 0 || at % width === width - 1,
        );
        expect(Math.max(...edge.map((at) => coverage[at]!))).toBeLessThan(1);
      }),
      { numRuns: 150 },
    );
  });
});

test("as drawn, the ink stays where it is", () => {
  const { left, top } = inked(frameAsDrawn([seven], size), 28);
  expect(left).toBeLessThan(4);
  expect(top).toBeLessThan(3);
});

test("pixels are opaque greys, light on black or dark on white", () => {
  const coverage = new Float32Array([0, 0.5, 1]);
  expect([...toPixels(coverage, "light")]).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
  expect([...toPixels(coverage, "dark")]).toEqual([255, 255, 255, 255, 128, 128, 128, 255, 0, 0, 0, 255]);
});
