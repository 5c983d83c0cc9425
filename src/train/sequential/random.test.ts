import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hash32, orderRows, signedUnit } from "./random.ts";
import { shardOf, sliceOf } from "./shared.ts";

test("an epoch shows every row, in whole batches, none more than once more than another", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), fc.nat(), (count, size, seed) => {
      const rows = Int32Array.from({ length: count }, (_, i) => i * 3 + 1);
      const batch = Math.min(size, count);
      const order = orderRows(rows, batch, seed, 4);
      expect(order.length % batch).toBe(0);
      expect(order.length - count).toBeLessThan(batch);
      const seen = Map.groupBy(order, (row) => row);
      expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual([...rows]);
      expect(Math.max(...[...seen.values()].map(({ length }) => length))).toBeLessThanOrEqual(2);
    }),
  );
});

test("the order is the seed's and the epoch's", () => {
  const rows = Int32Array.from({ length: 50 }, (_, i) => i);
  expect(orderRows(rows, 8, 1, 0)).toEqual(orderRows(rows, 8, 1, 0));
  expect(orderRows(rows, 8, 1, 0)).not.toEqual(orderRows(rows, 8, 1, 1));
  expect(orderRows(rows, 8, 1, 0)).not.toEqual(orderRows(rows, 8, 2, 0));
});

test("numbers drawn for neighbours have nothing to do with each other", () => {
  const drawn = Array.from({ length: 4000 }, (_, row) => signedUnit(1, 2, 0, row));
  const mean = drawn.reduce((all, value) => all + value, 0) / drawn.length;
  const together = drawn.slice(1).reduce((all, value, i) => all + value * (drawn[i] ?? 0), 0) / drawn.length;
  expect(Math.abs(mean)).toBeLessThan(0.04);
  expect(Math.abs(together)).toBeLessThan(0.03);
  expect(new Set(Array.from({ length: 4000 }, (_, i) => hash32(7, i))).size).toBe(4000);
});

test("slices and shards cover everything once, whatever the number of workers", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 5000 }), (workers, sixteens) => {
      const length = sixteens * 16;
      let end = 0;
      for (let k = 0; k < workers; k++) {
        const { from, to } = sliceOf(length, workers, k);
        expect(from).toBe(end);
        expect(from % 16).toBe(0);
        end = to;
      }
      expect(end).toBe(length);
      const shards = Array.from({ length: workers }, (_, k) => shardOf(length, workers, k));
      expect(shards.reduce((all, { from, to }) => all + to - from, 0)).toBe(length);
    }),
  );
});
