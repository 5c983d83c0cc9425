import { array, assert, double, integer, nat, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { splitShare } from "./errors.ts";
import { splitDataset, splitExamples } from "./split.ts";

const countOf = (targets: readonly number[], rows: Int32Array, target: number) =>
  rows.reduce((sum, row) => sum + (targets[row] === target ? 1 : 0), 0);

describe("splitExamples", () => {
  test("every row is on one side, every label on both, shares as near as can be", () => {
    assert(
      property(
        array(nat(5), { maxLength: 200 }),
        double({ min: 0.01, max: 0.99, noNaN: true }),
        integer(),
        (targets, validation, seed) => {
          const split = splitExamples(targets, { validation, seed });
          expect([...split.train, ...split.validation].toSorted((a, b) => a - b)).toEqual(targets.map((_, row) => row));
          for (const target of new Set(targets)) {
            const all = targets.filter((each) => each === target).length;
            const kept = countOf(targets, split.validation, target);
            const [least, most] = all === 1 ? [0, 0] : [1, all - 1];
            expect([kept >= least, kept <= most, all === 1 || Math.abs(kept - all * validation) <= 1]).toEqual([
              true,
              true,
              true,
            ]);
          }
        },
      ),
    );
  });

  test("the sum is right where labels divide unevenly", () => {
    const targets = Array.from({ length: 97 }, (_, i) => i % 7);
    expect(splitExamples(targets, { validation: 0.2, seed: 1 }).validation).toHaveLength(19);
    expect(splitExamples(targets, { validation: 0, seed: 1 }).validation).toHaveLength(0);
  });

  test("a label that was raised to one image is not raised again", () => {
    const { validation } = splitExamples([2, 2, 0, 2, 3], { validation: 0.3, seed: 0 });
    expect(validation).toHaveLength(1);
  });

  test("a seed always chooses the same rows, another seed others", () => {
    const targets = Array.from({ length: 20 }, (_, i) => i % 2);
    const choose = (seed: number) => [...splitExamples(targets, { validation: 0.3, seed }).validation];
    expect(choose(1)).toEqual([2, 4, 5, 7, 9, 10]);
    expect(choose(2)).not.toEqual(choose(1));
  });

  test("rows of one label do not depend on how the others are mixed in", () => {
    const apart = splitExamples([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], { validation: 0.4, seed: 3 }).validation;
    const mixed = splitExamples([0, 1, 0, 1, 0, 1, 0, 1, 0, 1], { validation: 0.4, seed: 3 }).validation;
    expect([...mixed].map((row) => (row % 2) * 5 + Math.floor(row / 2)).toSorted((a, b) => a - b)).toEqual([...apart]);
  });

  test.each([1, -0.1, Number.NaN])("a share of %d is refused", (validation) => {
    expect(() => splitExamples([0, 1], { validation, seed: 1 })).toThrow(
      expect.objectContaining({ code: splitShare.code }),
    );
  });
});

describe("splitDataset", () => {
  const entries = Array.from({ length: 100 }, (_, i) => ({
    path: `${i % 2}/${i}.png`,
    label: String(i % 2),
    digest: digestOf(`image ${i}`),
    size: 1,
  }));
  const chosen = (rows: typeof entries) => {
    const { validation } = splitDataset({ entries: rows, labels: ["0", "1"] }, { validation: 0.2, seed: 1 });
    return new Set([...validation].map((row) => rows[row]!.digest));
  };

  test("order and names do not matter", () => {
    const renamed = entries
      .map((entry, i) => ({ ...entry, path: `${entry.label}/renamed ${100 - i}.png` }))
      .toReversed();
    expect(chosen(renamed)).toEqual(chosen(entries));
  });

  test("an image more moves at most one other to the other side", () => {
    const more = [...entries, { path: "0/new.png", label: "0", digest: digestOf("new"), size: 1 }];
    expect(withoutThoseOf(chosen(entries), chosen(more)).length).toBeLessThanOrEqual(1);
  });

  test("copies of an image are not divided", () => {
    const doubled = entries.flatMap((entry) => [
      entry,
      { ...entry, path: `${entry.label}/copy of ${entry.path.slice(2)}` },
    ]);
    const { train, validation } = splitDataset({ entries: doubled, labels: ["0", "1"] }, { validation: 0.2, seed: 1 });
    const digests = (rows: Int32Array) => new Set([...rows].map((row) => doubled[row]!.digest));
    expect(withoutThoseOf(digests(train), digests(validation))).toEqual([...digests(train)]);
  });
});

function withoutThoseOf<T>(all: ReadonlySet<T>, other: ReadonlySet<T>): T[] {
  return [...all].filter((each) => !other.has(each));
}
