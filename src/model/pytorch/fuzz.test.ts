/** @file Whatever the bytes are: tensors of the sizes that were announced, or an error of the catalogue. Nothing else, and no crash. */

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SlipwayError } from "../../base/errors.ts";
import { archive, dict, tensor } from "./_fixtures.ts";
import { readPickle } from "./pickle.ts";
import { openStateDict } from "./state-dict.ts";

const files = [
  "types-zip.pth",
  "types-legacy.pth",
  "strides-zip.pth",
  "strides-legacy.pth",
  "checkpoint-zip.pth",
  "checkpoint-legacy.pth",
  "protocol4-zip.pth",
].map((name) => new Uint8Array(readFileSync(new URL(`../../../test/golden/pytorch/${name}`, import.meta.url))));

/** What is read in all is bounded by the file: nothing that it says may make more. */
async function readsOrSaysWhy(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const { entries } = await openStateDict(bytes);
    for (const entry of entries.values()) {
      const numbers = await entry.read();
      if (numbers.byteLength > 2 ** 24) return false;
    }
    return true;
  } catch (error) {
    return error instanceof SlipwayError && error.code.startsWith("SLIPWAY_MODEL_PYTORCH_");
  }
}

const file = fc.constantFrom(...files);
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("some bytes changed", async () => {
  const edits = fc.array(fc.record({ at: place, byte: fc.nat(255) }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(file, edits, async (bytes, changes) => {
      const copy = bytes.slice();
      for (const { at, byte } of changes) copy[Math.floor(at * copy.length)] = byte;
      expect(await readsOrSaysWhy(copy)).toBe(true);
    }),
    { numRuns: 2500 },
  );
});

test("a part cut out, or written over by another part", async () => {
  await fc.assert(
    fc.asyncProperty(file, place, place, place, fc.boolean(), async (bytes, a, b, c, cut) => {
      const [from, to, target] = [a, b, c].map((share) => Math.floor(share * bytes.length));
      const part = bytes.slice(Math.min(from ?? 0, to ?? 0), Math.max(from ?? 0, to ?? 0));
      const copy = bytes.slice();
      if (!cut) copy.set(part.subarray(0, copy.length - (target ?? 0)), target);
      expect(await readsOrSaysWhy(cut ? part : copy)).toBe(true);
    }),
    { numRuns: 1500 },
  );
});

test("random pickles: any value, or an error of the catalogue", () => {
  // Instructions more often than bytes, so that values are made and taken.
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from("(.0]})tueasbqhNKXcRQ1\x85\x86\x88\x8f\x90\x94")));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => {
      expect(isReadOrRefused(Uint8Array.from(bytes))).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

function isReadOrRefused(bytes: Uint8Array): boolean {
  try {
    readPickle(bytes, 0, { file: "random", load: () => null });
    return true;
  } catch (error) {
    return error instanceof SlipwayError;
  }
}

/** Any view of a storage of ascending numbers: its axes in any order, with steps, from an offset. */
const view = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 4 }), step: fc.integer({ min: 0, max: 3 }), rank: fc.nat() }), {
    maxLength: 4,
  })
  .chain((axes) => fc.record({ axes: fc.constant(axes), offset: fc.nat(5), spare: fc.nat(4) }));

test("any strides and offset give the numbers that they point at, in row-major order", async () => {
  await fc.assert(
    fc.asyncProperty(view, async ({ axes, offset, spare }) => {
      const shape = axes.map(({ length }) => length);
      const strides = axes.map(({ step, rank }) => step * ((rank % 3) + 1));
      const end = axes.reduce((all, { length }, axis) => all + (length - 1) * (strides[axis] ?? 0), offset + 1);
      const storage = Float32Array.from({ length: end + spare }, (_, i) => i);
      const value = tensor({ count: storage.length, offset, shape, strides });
      const { entries } = await openStateDict(archive(dict({ view: value }), { 0: new Uint8Array(storage.buffer) }));
      const wanted = shape.reduceRight<number[]>(
        (inner, length, axis) =>
          Array.from({ length }, (_, i) => inner.map((at) => at + i * (strides[axis] ?? 0))).flat(),
        [offset],
      );
      expect(await entries.get("view")?.read()).toEqual(Float32Array.from(wanted));
    }),
    { numRuns: 500 },
  );
});
