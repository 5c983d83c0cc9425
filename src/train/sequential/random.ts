/** @file Numbers that depend on what they are for alone (seed, epoch, row), never on which worker draws them or when. */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** What a number is drawn for; the streams are independent. */
export const streams = { order: 1, augment: 2, dropout: 3 } as const;

/** 32 bits from a list of whole numbers: the finalizer of MurmurHash3 over each in turn. */
export function hash32(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash + 0x165667b1, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/** Uniform over -1..1, without the ends. */
export function signedUnit(...parts: readonly number[]): number {
  return ((hash32(...parts) + 0.5) / 0x1_0000_0000) * 2 - 1;
}

/**
 * The rows of one epoch in the order they are trained on: a permutation, continued from its own start until the last batch is full.
 * So every row is seen in every epoch, none more than once more than another, and every step has the whole batch.
 */
export function orderRows(rows: Int32Array, batch: number, seed: number, epoch: number): Int32Array {
  const random = xoroshiro128plus(hash32(seed, streams.order, epoch));
  const order = new Int32Array(Math.ceil(rows.length / batch) * batch);
  order.set(rows);
  for (let i = rows.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  for (let i = rows.length; i < order.length; i++) order[i] = order[i - rows.length] ?? 0;
  return order;
}
