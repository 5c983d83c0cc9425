/** @file Whatever the bytes are: pixels of the wanted size, or an error of the catalogue. Nothing else, and no crash. */
import { array, assert, boolean, constantFrom, double, nat, property, record, tuple, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { SlipwayError } from "../base/errors.ts";
import { animatedWebp, cmykJpeg, greyJpeg, makeJpeg, makePng, transformerOf, withOrientation } from "./_fixtures.ts";
import type { Picture } from "./_fixtures.ts";
import { decodeImage } from "./decode.ts";

const picture: Picture = { width: 24, height: 20, at: (x, y) => [x * 10, y * 12, (x * y) & 255, 255 - x] };
const files = [
  makeJpeg(picture),
  greyJpeg,
  makeJpeg(picture, { progressive: true }),
  withOrientation(makeJpeg(picture), 5),
  cmykJpeg,
  transformerOf(picture).pngSync(),
  makePng({ width: 4, height: 1, depth: 16, colour: 2, rows: [Array.from({ length: 24 }, (_, i) => i * 10)] }),
  transformerOf(picture).webpSync(80),
  transformerOf(picture).webpLosslessSync(),
  animatedWebp,
].map((bytes) => Uint8Array.from(bytes));

/** A limit that lets mutated sizes through to the decoder, and bounds its memory. */
const options = { width: 9, height: 7, channels: 3, otherSizes: "resize", maxPixels: 250_000 } as const;

function decodesOrSaysWhy(bytes: Uint8Array): boolean {
  try {
    return decodeImage(bytes, options).length === 9 * 7 * 3;
  } catch (error) {
    return (
      error instanceof SlipwayError &&
      error.code.startsWith("SLIPWAY_PIXELS_") &&
      error.status >= 400 &&
      error.status < 500
    );
  }
}

const file = constantFrom(...files);
const edits = array(record({ at: double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), byte: nat(255) }), {
  minLength: 1,
  maxLength: 8,
});

test("random bytes, also behind the start of a real format", () => {
  assert(
    property(file, nat(40), uint8Array({ maxLength: 300 }), (bytes, kept, rest) => {
      expect(decodesOrSaysWhy(Buffer.concat([bytes.subarray(0, kept), rest]))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("edited bytes, near the header and anywhere", () => {
  assert(
    property(file, edits, boolean(), (bytes, changes, header) => {
      const edited = bytes.slice();
      for (const { at, byte } of changes)
        edited[Math.floor(at * (header ? Math.min(64, bytes.length) : bytes.length))] = byte;
      expect(decodesOrSaysWhy(edited)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test("cut, doubled and spliced files", () => {
  const cut = tuple(file, nat(4000), nat(4000)).map(([bytes, from, length]) =>
    bytes.subarray(from % bytes.length, (from % bytes.length) + length),
  );
  assert(
    property(file, nat(4000), cut, cut, (bytes, kept, middle, end) => {
      expect(decodesOrSaysWhy(Buffer.concat([bytes.subarray(0, kept % bytes.length), middle, end]))).toBe(true);
    }),
    { numRuns: 1500 },
  );
});
