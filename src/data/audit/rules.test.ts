import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { describe, expect, test } from "vitest";
import { countConfident, findLabelNoise, meanOfOwn } from "./rules.ts";
import type { Table } from "./types.ts";

const classes = 6;
const each = 200;

/** A fair model: mostly sure of the true label, sometimes less so, now and then of another one. */
function createModel(truth: readonly number[], seed: number): Table {
  const random = xoroshiro128plus(seed);
  const values = new Float32Array(truth.length * classes);
  for (const [row, label] of truth.entries()) {
    const confused = uniformFloat64(random) < 0.01;
    const seen = confused ? (label + 1) % classes : label;
    const sure = 0.7 + 0.29 * uniformFloat64(random);
    for (let other = 0; other < classes; other++)
      values[row * classes + other] = other === seen ? sure : (1 - sure) / (classes - 1);
  }
  return { rows: truth.length, classes, values };
}

const truth = Array.from({ length: classes * each }, (_, row) => Math.floor(row / each));

function find(targets: readonly number[], seed = 1) {
  const { suspicions, pairs } = findLabelNoise({
    targets,
    probabilities: createModel(truth, seed),
    neighbours: undefined,
  });
  return {
    rows: new Set(suspicions.map(({ row }) => row)),
    pairs: pairs.map(({ label, looksLike }) => `${label}→${looksLike}`).toSorted(),
    suspicions,
  };
}

/** Share of what was found that is right, and of what is wrong that was found. */
function score(found: ReadonlySet<number>, wrong: ReadonlySet<number>): [precision: number, recall: number] {
  const hits = [...found].filter((row) => wrong.has(row)).length;
  return [hits / found.size, hits / wrong.size];
}

test("nothing is alarming about right labels, and next to nothing is doubted", () => {
  const { rows, pairs } = find(truth);
  expect(pairs).toEqual([]);
  expect(rows.size).toBeLessThanOrEqual(0.012 * truth.length);
});

test("an exchange of two labels is named as a pair, both ways, and its rows are found", () => {
  const wrong = new Set(truth.flatMap((label, row) => ((label === 1 || label === 4) && row % 5 === 0 ? [row] : [])));
  const targets = truth.map((label, row) => (wrong.has(row) ? 5 - label : label));
  const { rows, pairs, suspicions } = find(targets);
  expect(pairs).toEqual(["1→4", "4→1"]);
  const [precision, recall] = score(rows, wrong);
  expect(precision).toBeGreaterThan(0.8);
  expect(recall).toBeGreaterThan(0.95);
  const told = suspicions.filter(({ kind }) => kind === "pair");
  expect(new Set(told.map(({ label, looksLike }) => `${label}→${looksLike}`))).toEqual(new Set(pairs));
});

test("one label poured into another is one pair, one way", () => {
  const targets = truth.map((label, row) => (label === 3 && row % 3 === 0 ? 2 : label));
  // The rows are labelled 2 and look like 3.
  expect(find(targets).pairs).toEqual(["2→3"]);
});

test("slips all over are found without naming a pair", () => {
  const wrong = new Set(truth.flatMap((_, row) => (row % 40 === 7 ? [row] : [])));
  const targets = truth.map((label, row) => (wrong.has(row) ? (label + 1 + (row % (classes - 1))) % classes : label));
  const { rows, pairs } = find(targets, 3);
  expect(pairs).toEqual([]);
  const [precision, recall] = score(rows, wrong);
  // As many are told of as the model is surer of than usual: about half of all, and its own errors among them.
  expect(precision).toBeGreaterThan(0.6);
  expect(recall).toBeGreaterThan(0.5);
});

test("rows that another rule told of are not told of twice", () => {
  const targets = truth.map((label, row) => (row % 40 === 7 ? (label + 1) % classes : label));
  const [first] = find(targets).suspicions;
  const input = { targets, probabilities: createModel(truth, 1), neighbours: undefined };
  const { suspicions } = findLabelNoise(input, new Set([first!.row]));
  expect(suspicions.map(({ row }) => row)).not.toContain(first!.row);
});

describe("the confident joint", () => {
  const table: Table = {
    rows: 4,
    classes: 2,
    values: Float32Array.of(0.9, 0.1, 0.6, 0.4, 0.2, 0.8, 0.7, 0.3),
  };
  const targets = [0, 0, 1, 1];

  test("thresholds are the mean surety of the given label", () => {
    const [first, second] = meanOfOwn(targets, table);
    expect(first).toBeCloseTo(0.75, 6);
    expect(second).toBeCloseTo(0.55, 6);
  });

  test("a row counts for the label whose threshold it reaches, and not at all where it reaches none", () => {
    // Row 1 reaches nothing; row 3 reaches neither 0.75 of label 0 nor 0.55 of label 1.
    expect([...countConfident(targets, table, meanOfOwn(targets, table))]).toEqual([1, 0, 0, 1]);
    expect([...countConfident(targets, table, Float64Array.of(0.65, 0.55))]).toEqual([1, 0, 1, 1]);
  });

  test("a label without rows is reached by nobody", () => {
    const three: Table = { rows: 1, classes: 3, values: Float32Array.of(0.5, 0.3, 0.2) };
    expect([...countConfident([0], three, meanOfOwn([0], three))]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
