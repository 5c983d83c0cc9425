import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AnchorSize } from "../../model/detector/anchors.ts";
import { chooseAnchors } from "./choose-anchors.ts";

test("boxes of one size need one anchor, of that size", () => {
  expect(chooseAnchors(Array.from({ length: 9 }, (): AnchorSize => [20, 31]))).toEqual([[20, 31]]);
});

test("lying and standing boxes, small and large ones, get an anchor each", () => {
  const kinds: AnchorSize[] = [
    [8, 8],
    [10, 60],
    [60, 10],
    [50, 52],
  ];
  const boxes = kinds.flatMap(([height, width]) => [-1, 0, 1].map((by): AnchorSize => [height + by, width - by]));
  expect(chooseAnchors(boxes).toSorted((a, b) => a[0] - b[0])).toEqual(kinds.toSorted((a, b) => a[0] - b[0]));
});

test("any boxes have one to six anchors of whole pixels, whatever their order", () => {
  const side = fc.double({ min: 0.01, max: 500, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(side, side), { minLength: 1, maxLength: 40 }), (boxes) => {
      const sizes = chooseAnchors(boxes);
      expect(sizes.length).toBeGreaterThanOrEqual(1);
      expect(sizes.length).toBeLessThanOrEqual(6);
      for (const each of sizes.flat()) expect(Number.isInteger(each) && each >= 1).toBe(true);
      expect(chooseAnchors(boxes.toReversed())).toHaveLength(sizes.length);
    }),
  );
});
