import { expect, test } from "vitest";
import { centreOfMass, rasterise } from "./raster.ts";

const size = { height: 28, width: 28 };
const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

test("a dot covers the area of its circle", () => {
  const coverage = rasterise([[{ x: 14, y: 14 }]], size, 8);
  expect(sum(coverage)).toBeCloseTo(Math.PI * 16, 0);
  expect(coverage[14 * 28 + 14]).toBe(1);
  expect(coverage[0]).toBe(0);
});

test("a line covers its length times its width and two half circles", () => {
  const coverage = rasterise(
    [
      [
        { x: 5, y: 10.3 },
        { x: 20, y: 10.3 },
      ],
    ],
    size,
    3,
  );
  expect(sum(coverage) / (15 * 3 + Math.PI * 2.25)).toBeCloseTo(1, 1);
});

test("ink is not laid on twice where strokes cross", () => {
  const stroke = [
    { x: 5, y: 10 },
    { x: 20, y: 10 },
  ];
  expect(rasterise([stroke, stroke], size, 3)).toEqual(rasterise([stroke], size, 3));
});

test("ink outside the frame is left out", () => {
  const coverage = rasterise(
    [
      [
        { x: -50, y: 14 },
        { x: 80, y: 14 },
      ],
    ],
    size,
    2,
  );
  expect(Array.from(coverage.subarray(13 * 28, 15 * 28))).toEqual(Array(56).fill(1));
  expect(sum(rasterise([[{ x: -50, y: -50 }]], size, 2))).toBe(0);
});

test("the centre of mass is where the ink balances, and nowhere without ink", () => {
  const dot = centreOfMass(rasterise([[{ x: 9.3, y: 17.8 }]], size, 4), size);
  expect(dot?.x).toBeCloseTo(9.3, 1);
  expect(dot?.y).toBeCloseTo(17.8, 1);
  expect(centreOfMass(new Float32Array(784), size)).toBeUndefined();
});
