import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Corners, encodeBox, layOutAnchors, matchAnchors, overlapOf } from "./anchors.ts";

const sizes = [[16, 16] as const, [24, 40] as const];
const anchors = layOutAnchors(sizes, { height: 3, width: 4 }, { height: 48, width: 64 });
const cornersOf = (anchor: number): Corners => {
  const [x = 0, y = 0, width = 0, height = 0] = anchors.subarray(anchor * 4, anchor * 4 + 4);
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
};

const side = fc.integer({ min: 0, max: 64 });

/** Boxes of any size within the image. */
const box = fc
  .tuple(side, side, side, side)
  .filter(([a, b, c, d]) => a !== b && c !== d)
  .map(([a, b, c, d]): Corners => [Math.min(a, b) / 64, Math.min(c, d) / 64, Math.max(a, b) / 64, Math.max(c, d) / 64]);

test("anchors lie place by place in rows, at each place one of each size, in the middle of it", () => {
  expect(anchors).toHaveLength(3 * 4 * 2 * 4);
  expect([...anchors.subarray(0, 12)]).toEqual(
    [1 / 8, 1 / 6, 16 / 64, 16 / 48, 1 / 8, 1 / 6, 40 / 64, 24 / 48, 3 / 8, 1 / 6, 16 / 64, 16 / 48].map(Math.fround),
  );
  expect([...anchors.subarray(-4, -2)]).toEqual([7 / 8, 5 / 6].map(Math.fround));
});

describe("matching", () => {
  test("every box is found, by one anchor at least, and no anchor finds two", () => {
    fc.assert(
      fc.property(fc.array(box, { maxLength: 12 }), (boxes) => {
        const matches = matchAnchors(anchors, boxes);
        expect(new Set(matches.map((match) => match.box))).toEqual(new Set(boxes.keys()));
        expect(new Set(matches.map(({ anchor }) => anchor)).size).toBe(matches.length);
        expect(matches.map(({ anchor }) => anchor)).toEqual(
          matches.map(({ anchor }) => anchor).toSorted((a, b) => a - b),
        );
      }),
    );
  });

  test("an anchor that overlaps a box by half or more finds one, and else only what nobody fits better", () => {
    fc.assert(
      fc.property(fc.array(box, { minLength: 1, maxLength: 6 }), (boxes) => {
        const found = new Map(matchAnchors(anchors, boxes).map((match) => [match.anchor, match.box]));
        for (let anchor = 0; anchor < anchors.length / 4; anchor++) {
          const overlaps = boxes.map((each) => overlapOf(cornersOf(anchor), each));
          const own = found.get(anchor);
          expect(Math.max(...overlaps) < 0.5 || own !== undefined).toBe(true);
          if (own === undefined || overlaps[own]! >= 0.5) continue;
          // It was given to the box, so none that is free of other boxes fits that better.
          const finders = [...found].filter(([, its]) => its === own);
          expect(finders).toEqual([[anchor, own]]);
        }
      }),
    );
  });

  test("a box in a gap between anchors is found by the nearest", () => {
    const small = layOutAnchors([[4, 4]], { height: 2, width: 2 }, { height: 32, width: 32 });
    expect(matchAnchors(small, [[0.55, 0.4, 0.6, 0.45]])).toEqual([{ anchor: 1, box: 0 }]);
    const many = Array.from({ length: 6 }, (): Corners => [0.1, 0.1, 0.2, 0.2]);
    expect(matchAnchors(small, many).map(({ anchor }) => anchor)).toEqual([0, 1, 2, 3]);
  });

  test("two boxes in one place get an anchor each", () => {
    const same: Corners = cornersOf(7);
    const found = matchAnchors(anchors, [same, same]);
    expect(new Set(found.map((match) => match.box))).toEqual(new Set([0, 1]));
  });
});

test("what is told of a box at an anchor leads back to the box", () => {
  fc.assert(
    fc.property(box, fc.nat(anchors.length / 4 - 1), (wanted, anchor) => {
      const [x = 0, y = 0, width = 0, height = 0] = anchors.subarray(anchor * 4, anchor * 4 + 4);
      const [dx = 0, dy = 0, dw = 0, dh = 0] = encodeBox(anchors, anchor, wanted);
      const [cx, cy] = [x + dx * 0.1 * width, y + dy * 0.1 * height];
      const [w, h] = [width * Math.exp(dw * 0.2), height * Math.exp(dh * 0.2)];
      const back = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2];
      for (const [index, value] of wanted.entries()) expect(back[index]).toBeCloseTo(value, 9);
    }),
  );
});

test("the overlap of two boxes is the same either way, 1 with itself, 0 apart", () => {
  fc.assert(
    fc.property(box, box, (a, b) => {
      const overlap = overlapOf(a, b);
      expect(overlap).toBe(overlapOf(b, a));
      expect(overlap >= 0 && overlap <= 1).toBe(true);
      expect(overlapOf(a, a)).toBeCloseTo(1, 12);
    }),
  );
  expect(overlapOf([0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5])).toBe(0);
  expect(overlapOf([0, 0, 0.5, 0.5], [0.25, 0, 0.75, 0.5])).toBeCloseTo(1 / 3, 12);
});
