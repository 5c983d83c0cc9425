import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Corners } from "../../data/types.ts";
import { averagePrecision, type FoundBox, type Inspected } from "./average-precision.ts";

const here: Corners = [0, 0, 0.5, 0.5];
const there: Corners = [0.5, 0.5, 1, 1];
const found = (score: number, corners: Corners, label = 0): FoundBox => ({ score, corners, label });
const wanted = (corners: Corners, label = 0) => ({ corners, label });
const mean = (images: readonly Inspected[], classes = 1): number => averagePrecision(images, classes).mean;

describe("average precision, by hand", () => {
  test.each<[string, number, Inspected[]]>([
    ["all found and nothing else", 1, [{ found: [found(0.9, here)], wanted: [wanted(here)] }]],
    ["nothing found", 0, [{ found: [], wanted: [wanted(here)] }]],
    ["one of two found", 0.5, [{ found: [found(0.9, here)], wanted: [wanted(here), wanted(there)] }]],
    // Precision 1 up to half of the boxes, then 2/3.
    [
      "a false one between two right ones",
      0.5 * 1 + 0.5 * (2 / 3),
      [
        {
          found: [found(0.9, here), found(0.8, [0, 0.6, 0.2, 0.9]), found(0.7, there)],
          wanted: [wanted(here), wanted(there)],
        },
      ],
    ],
    // Precision 1/2, then 2/3: the better one counts for both.
    [
      "a false one first",
      2 / 3,
      [
        {
          found: [found(0.7, here), found(0.9, [0, 0.6, 0.2, 0.9]), found(0.6, there)],
          wanted: [wanted(here), wanted(there)],
        },
      ],
    ],
    [
      "the same box found twice: the second is a false one",
      1,
      [{ found: [found(0.9, here), found(0.8, here)], wanted: [wanted(here)] }],
    ],
    [
      "a false one after all boxes are found costs nothing",
      1,
      [
        { found: [found(0.9, here)], wanted: [wanted(here)] },
        { found: [found(0.1, there)], wanted: [] },
      ],
    ],
    [
      "a false one in an empty image, surest of all",
      0.5,
      [
        { found: [found(0.9, here)], wanted: [wanted(here)] },
        { found: [found(0.95, there)], wanted: [] },
      ],
    ],
    ["an overlap of exactly one half", 1, [{ found: [found(0.9, [0, 0, 0.5, 0.25])], wanted: [wanted(here)] }]],
    ["an overlap below one half", 0, [{ found: [found(0.9, [0, 0, 0.5, 0.24])], wanted: [wanted(here)] }]],
    ["the right place and another label", 0, [{ found: [found(0.9, here, 1)], wanted: [wanted(here)] }]],
    [
      "of two boxes that overlap, each finds its own",
      1,
      [
        {
          found: [found(0.9, [0, 0, 0.5, 0.6]), found(0.8, [0, 0, 0.5, 0.5])],
          wanted: [wanted([0, 0, 0.5, 0.5]), wanted([0, 0, 0.5, 0.6])],
        },
      ],
    ],
  ])("%s", (_what, area, images) => {
    expect(mean(images, 2)).toBeCloseTo(area, 12);
  });

  test("the mean leaves out labels that there is no box of, and is no number where there is none at all", () => {
    const images = [{ found: [found(0.9, here), found(0.9, there, 2)], wanted: [wanted(here), wanted(there, 1)] }];
    expect(averagePrecision(images, 3)).toEqual({ mean: 0.5, byLabel: [1, 0, undefined] });
    expect(mean([{ found: [found(0.9, here)], wanted: [] }])).toBeNaN();
  });
});

/** Made by test/golden/detector/precision.py. */
interface Golden {
  side: number;
  labels: number;
  images: number;
  truth: { image: number; label: number; box: number[] }[];
  found: { image: number; label: number; box: number[]; score: number }[];
  wanted: number[];
}

test("it is pycocotools' over all points", () => {
  const path = new URL("../../../test/golden/detector/precision.json", import.meta.url);
  const { side, labels, images, truth, found: told, wanted: areas } = JSON.parse(readFileSync(path, "utf8")) as Golden;
  const corners = ([x = 0, y = 0, width = 0, height = 0]: number[]): Corners => [
    x / side,
    y / side,
    (x + width) / side,
    (y + height) / side,
  ];
  const all = Array.from({ length: images }, (_, image) => ({
    found: told
      .filter((one) => one.image === image)
      .map(({ label, score, box }) => ({ label, score, corners: corners(box) })),
    wanted: truth.filter((one) => one.image === image).map(({ label, box }) => ({ label, corners: corners(box) })),
  }));
  const { byLabel } = averagePrecision(all, labels);
  expect(byLabel).toEqual(areas.map((area) => expect.closeTo(area, 9)));
});
