import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createGenerator } from "./generate.ts";
import type { ContractField } from "./types.ts";

const field = (more: Partial<ContractField>): ContractField => ({
  name: "x",
  dtype: "FLOAT",
  ftype: "continuous",
  range: ["inf", "inf"],
  values: [],
  shape: [1],
  ...more,
});

test("the same seed draws the same rows, another seed others", () => {
  const draw = (seed: number) => createGenerator([field({})], seed)(20);
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test("every value keeps its field's own range and type", () => {
  const bound = fc.oneof(fc.constant("inf" as const), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(bound, bound, fc.constantFrom("INT" as const, "FLOAT" as const), fc.nat(), (a, b, dtype, seed) => {
      const range: [number | "inf", number | "inf"] =
        a === "inf" || b === "inf" ? [a, b] : [Math.min(a, b), Math.max(a, b)];
      const [low, high] = range;
      // A whole number must fit between the bounds for INT.
      fc.pre(dtype === "FLOAT" || low === "inf" || high === "inf" || Math.ceil(low) <= Math.floor(high));
      for (const [value] of createGenerator([field({ dtype, range })], seed)(20)) {
        expect(value).toBeGreaterThanOrEqual(low === "inf" ? -Infinity : low);
        expect(value).toBeLessThanOrEqual(high === "inf" ? Infinity : high);
        expect(dtype === "FLOAT" || Number.isInteger(value)).toBe(true);
      }
    }),
  );
});

test("whole numbers below zero are rounded to the nearest, as those above", () => {
  const values = createGenerator([field({ dtype: "INT", range: [-3, -3] })], 1)(5).flat();
  expect(values).toEqual([-3, -3, -3, -3, -3]);
});

test("all categories are drawn, and nothing else", () => {
  const draw = createGenerator([field({ ftype: "categorical", values: ["a", 2] })], 3);
  expect(new Set(draw(200).flat())).toEqual(new Set(["a", 2]));
});

test("a shape's first axis lies in the row, the others nest; mixed columns keep their order", () => {
  const [row] = createGenerator(
    [field({ shape: [2, 3] }), field({ ftype: "categorical", values: ["c"] }), field({ shape: [2] })],
    1,
  )(1);
  expect(row).toEqual([
    [expect.any(Number), expect.any(Number), expect.any(Number)],
    [expect.any(Number), expect.any(Number), expect.any(Number)],
    "c",
    expect.any(Number),
    expect.any(Number),
  ]);
});
