import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { describe, expect, test } from "vitest";
import { auditLabels } from "./audit.ts";
import { findNeighbours, findSame, toFeatures, voteOf, type Pictures } from "./neighbours.ts";
import type { Table } from "./types.ts";

const height = 16;
const width = 16;
const size = height * width;
const classes = 3;

/** Bars: upright, lying, slanted; each a little elsewhere and noisy. */
function draw(labels: readonly number[], seed: number): Pictures {
  const random = xoroshiro128plus(seed);
  const pixels = new Uint8Array(labels.length * size);
  for (const [row, label] of labels.entries()) {
    const shift = uniformInt(random, -2, 2);
    for (let at = 0; at < size; at++) {
      const [y, x] = [Math.floor(at / width), at % width];
      const off = label === 0 ? x - 8 - shift : label === 1 ? y - 8 - shift : x - y - shift;
      pixels[row * size + at] = Math.max(
        0,
        Math.min(255, (Math.abs(off) < 2 ? 220 : 10) + uniformInt(random, -10, 10)),
      );
    }
  }
  return { count: labels.length, height, width, channels: 1, pixels };
}

/** As sure as a model of another fold: of what the picture shows, whatever the label says. */
function sureOf(truth: readonly number[]): Table {
  const values = Float32Array.from(
    truth.flatMap((label) => Array.from({ length: classes }, (_, k) => (k === label ? 0.94 : 0.03))),
  );
  return { rows: truth.length, classes, values };
}

const truth = Array.from({ length: 150 }, (_, row) => row % classes);

test("neighbours are pictures of the same kind, never the picture itself", async () => {
  const features = toFeatures(draw(truth, 1));
  const neighbours = await findNeighbours(features, 5);
  expect(neighbours).toHaveLength(truth.length * 5);
  for (const [place, other] of neighbours.entries()) {
    expect(other).not.toBe(Math.floor(place / 5));
    expect(truth[other]).toBe(truth[Math.floor(place / 5)]);
  }
  const votes = voteOf(neighbours, truth.length, truth, classes);
  expect(votes.values[0]).toBeCloseTo(1, 5);
});

test("with fewer pictures than neighbours wanted, all others are neighbours", async () => {
  const features = toFeatures(draw([0, 1, 2], 1));
  const neighbours = await findNeighbours(features, 10);
  expect([...neighbours.subarray(0, 2)].toSorted((a, b) => a - b)).toEqual([1, 2]);
  await expect(findNeighbours(toFeatures(draw([0], 1)), 10)).resolves.toHaveLength(0);
});

describe("copies", () => {
  const pictures = draw([...truth, 0, 0], 2);
  // The first but last is row 9 again, byte for byte; the last is row 12, saved again: a few grey levels off.
  pictures.pixels.copyWithin(150 * size, 9 * size, 10 * size);
  pictures.pixels.set(
    pictures.pixels.subarray(12 * size, 13 * size).map((value) => Math.min(255, value + 3)),
    151 * size,
  );
  const shown = [...truth, truth[9]!, truth[12]!];

  test("equal and nearly equal pictures are found, and no others", async () => {
    const neighbours = await findNeighbours(toFeatures(pictures), 10);
    expect(findSame(pictures, neighbours)).toEqual([
      [9, 150],
      [12, 151],
    ]);
  });

  test("the copy under the unlikely label is doubted; the one under the same label is not", async () => {
    const targets = [...truth, 2, truth[12]!];
    const { suspicions } = await auditLabels({ pictures, targets, probabilities: sureOf(shown) });
    expect(suspicions).toMatchObject([{ row: 150, kind: "copy", label: 2, looksLike: truth[9], copyOf: 9 }]);
  });
});

describe("a complete exchange", () => {
  const targets = truth.map((label) => (label === 0 ? 1 : label === 1 ? 0 : 2));
  const wrong = truth.flatMap((label, row) => (label === 2 ? [] : [row]));

  test("agrees with itself: a model of the same labels has nothing to say", async () => {
    const { suspicions, pairs } = await auditLabels({
      pictures: draw(truth, 4),
      targets,
      probabilities: sureOf(targets),
    });
    expect([suspicions, pairs]).toEqual([[], []]);
  });

  test("is found by a champion and its pictures: the pairs, every row, and the drift of both labels", async () => {
    const reference = { thresholds: Float64Array.of(0.9, 0.9, 0.9), pictures: draw(truth, 5), targets: truth };
    const found = await auditLabels({ pictures: draw(truth, 4), targets, probabilities: sureOf(truth), reference });
    expect(found.pairs.map(({ label, looksLike }) => [label, looksLike])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(found.suspicions.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual(wrong);
    expect(found.drift.map(({ label, nearest }) => [label, nearest])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test("is found exactly where the files' earlier labels are known", async () => {
    const known = Int32Array.from(truth, (label, row) => (row === 0 ? -1 : label));
    const found = await auditLabels({
      pictures: draw(truth, 4),
      targets,
      probabilities: sureOf(targets),
      reference: { known },
    });
    // Row 0 is new: nobody knows better.
    expect(found.suspicions.map(({ row }) => row)).toEqual(wrong.slice(1));
    expect(found.suspicions[0]).toMatchObject({ kind: "relabelled", label: 0, looksLike: 1 });
  });
});

test("rows of a black picture and a label of one row do no harm", async () => {
  const pictures = draw([...truth, 2], 6);
  pictures.pixels.fill(0, 150 * size);
  const { pairs } = await auditLabels({ pictures, targets: [...truth, 2], probabilities: sureOf([...truth, 2]) });
  expect(pairs).toEqual([]);
});
