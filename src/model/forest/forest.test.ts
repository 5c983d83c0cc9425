import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSession } from "../../graph/run.ts";
import { readSignature } from "../signature-of.ts";
import { binColumns } from "./bin.ts";
import { exportForest } from "./export.ts";
import { createGrower } from "./grow.ts";
import { createRandom } from "./random.ts";
import { type Forest, predictRow } from "./tree.ts";

const float = fc.float({ noNaN: true, noDefaultInfinity: true });

describe("bins", () => {
  test("a code tells between which edges its value lies, for any 32-bit values", () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 1, maxLength: 60 }), fc.integer({ min: 2, max: 16 }), (values, bins) => {
        const { codes, edges } = binColumns(Float32Array.from(values), 1, bins);
        const [column] = edges;
        expect(column!.length).toBeLessThan(bins);
        const between = values.map((value, row) => {
          const code = codes[row]!;
          return (column![code - 1] ?? -Infinity) < value && value <= (column![code] ?? Infinity);
        });
        expect(between).not.toContain(false);
      }),
    );
  });

  test("few different values have a bin each, neighbours of 32 bits too", () => {
    const next = Math.fround(1 + 2 ** -23);
    const { codes } = binColumns(Float32Array.of(1, next, 1, next, -0, 0, 3e38, -3e38), 1, 256);
    expect([...codes]).toEqual([2, 3, 2, 3, 1, 1, 4, 0]);
  });

  test("many values are shared out evenly", () => {
    const { codes } = binColumns(
      Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i)),
      1,
      8,
    );
    const sizes = Array.from({ length: 8 }, (_, code) => codes.filter((each) => each === code).length);
    for (const size of sizes) expect(Math.abs(size - 1250)).toBeLessThan(5);
  });
});

/** Two classes by the sign of a product, which no single column tells. */
function makeData(rows: number, columns: number, classes: number) {
  const random = createRandom(5, rows);
  const values = Float32Array.from({ length: rows * columns }, () => random() / 2 ** 31 - 1);
  const targets = Uint16Array.from({ length: rows }, (_, row) => {
    const score = values[row * columns]! * values[row * columns + 1]! + 0.02 * (random() / 2 ** 31 - 1);
    return classes === 2 ? Number(score > 0) : score > 0.15 ? 2 : Number(score > -0.15);
  });
  return { values, targets };
}

function growAll(
  rows: number,
  columns: number,
  classes: number,
  options: Partial<Parameters<typeof createGrower>[3]> = {},
): Forest & { values: Float32Array; targets: Uint16Array } {
  const { values, targets } = makeData(rows, columns, classes);
  const grow = createGrower(binColumns(values, columns, 256), targets, classes, {
    depth: 8,
    features: 2,
    minLeaf: 1,
    seed: 3,
    ...options,
  });
  return { columns, classes, trees: Array.from({ length: 20 }, (_, tree) => grow(tree)), values, targets };
}

describe("trees", () => {
  test("learn what no column tells alone", () => {
    const forest = growAll(2000, 4, 2);
    const right = forest.targets.filter((target, row) => {
      const [no = 0, yes = 0] = predictRow(forest, forest.values.subarray(row * 4, row * 4 + 4));
      return Number(yes > no) === target;
    });
    expect(right.length).toBeGreaterThan(1900);
  });

  test("depend on their number alone", () => {
    const { values, targets } = makeData(300, 3, 2);
    const binned = binColumns(values, 3, 64);
    const options = { depth: 6, features: 1, minLeaf: 2, seed: 9 };
    const one = createGrower(binned, targets, 2, options);
    const other = createGrower(binned, targets, 2, options);
    const first = [0, 1, 2].map((tree) => one(tree));
    expect([2, 0, 1].map((tree) => other(tree))).toEqual([first[2], first[0], first[1]]);
    expect(first[0]).not.toEqual(first[1]);
  });

  test("respect depth and the size of leaves, and every leaf's shares are of its rows", () => {
    const { trees } = growAll(500, 4, 3, { depth: 3, minLeaf: 25 });
    for (const { column, left, right, shares } of trees) {
      const depthOf = (node: number): number =>
        column[node]! < 0 ? 0 : 1 + Math.max(depthOf(left[node]!), depthOf(right[node]!));
      expect(depthOf(0)).toBeLessThanOrEqual(3);
      for (const [node, asked] of column.entries()) {
        const sum = shares.subarray(node * 3, node * 3 + 3).reduce((all, share) => all + share, 0);
        expect(sum).toBeCloseTo(asked < 0 ? 1 : 0, 12);
      }
    }
  });

  test("a split is the best of all, sought one by one", () => {
    // One tree of one level, all columns tried: compared with a search over every threshold on the same bootstrap.
    const { values, targets } = makeData(60, 3, 2);
    const binned = binColumns(values, 3, 256);
    const tree = createGrower(binned, targets, 2, { depth: 1, features: 3, minLeaf: 1, seed: 4 })(0);
    const random = createRandom(4, 0);
    const times = Array.from({ length: 60 }, () => 0);
    for (let i = 0; i < 60; i++) times[Math.floor((random() / 2 ** 32) * 60)]!++;
    const score = (column: number, threshold: number): number => {
      const sides = [
        [0, 0],
        [0, 0],
      ];
      for (const [row, weight] of times.entries())
        sides[Number(values[row * 3 + column]! > threshold)]![targets[row]!]! += weight;
      return sides.reduce((all, side) => {
        const sum = side[0]! + side[1]!;
        return all + (sum === 0 ? 0 : (side[0]! ** 2 + side[1]! ** 2) / sum);
      }, 0);
    };
    const best = Math.max(...binned.edges.flatMap((edges, column) => Array.from(edges, (edge) => score(column, edge))));
    expect(score(tree.column[0]!, tree.threshold[0]!)).toBeCloseTo(best, 9);
  });

  test("one class, one row and columns without a difference give a leaf", () => {
    for (const [values, targets] of [
      [Float32Array.of(1, 2, 3), Uint16Array.of(1, 1, 1)],
      [Float32Array.of(1), Uint16Array.of(0)],
      [Float32Array.of(5, 5, 5), Uint16Array.of(0, 1, 0)],
    ] as const) {
      const tree = createGrower(binColumns(values, 1, 256), targets, 2, { depth: 5, features: 1, minLeaf: 1, seed: 1 })(
        0,
      );
      expect([...tree.column]).toEqual([-1]);
    }
  });
});

describe("the exported file", () => {
  test.each([2, 3])("says what the trees say, on every threshold and beside it, with %i classes", async (classes) => {
    const forest = growAll(400, 4, classes);
    const labels = ["down", "flat", "up"].slice(0, classes);
    const { model, signature } = exportForest(forest, ["a", "b", "c", "d"], labels);
    expect(readSignature(model)).toEqual(signature);
    const session = await createSession(model, { name: "forest" });
    const thresholds = forest.trees.flatMap(({ column, threshold }) =>
      Array.from(threshold.filter((_, node) => column[node]! >= 0)),
    );
    const bits = new Int32Array(1);
    const step = (value: number, by: number): number => {
      new Float32Array(bits.buffer)[0] = value;
      bits[0]! += by;
      return new Float32Array(bits.buffer)[0]!;
    };
    const rows = thresholds
      .slice(0, 300)
      .flatMap((value, i) =>
        [-1, 0, 1].map((by) =>
          [0, 1, 2, 3].map((column) =>
            column === i % 4 ? step(value, by) : thresholds[(i * 7 + column) % thresholds.length]!,
          ),
        ),
      );
    const { probabilities } = await session.run({
      features: { type: "float32", shape: [rows.length, 4], data: Float32Array.from(rows.flat()) },
    });
    const seen = probabilities!.data as Float32Array;
    for (const [row, values] of rows.entries())
      for (const [k, wanted] of predictRow(forest, Float32Array.from(values)).entries())
        expect(Math.abs(seen[row * classes + k]! - wanted)).toBeLessThan(1e-6);
  });
});
