import { crc32 } from "node:zlib";
import { Transformer } from "@napi-rs/image";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodePng } from "./png.ts";

const picture = fc
  .record({ height: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 40 }) })
  .chain(({ height, width }) =>
    fc.record({
      height: fc.constant(height),
      width: fc.constant(width),
      colours: fc.uint8Array({ minLength: height * width * 3, maxLength: height * width * 3 }),
    }),
  );

function toRgba(colours: Uint8Array): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray((colours.length / 3) * 4).fill(255);
  for (const [at, value] of colours.entries()) rgba[Math.floor(at / 3) * 4 + (at % 3)] = value;
  return rgba;
}

test("another decoder reads the same colours", () => {
  fc.assert(
    fc.property(picture, ({ height, width, colours }) => {
      const png = encodePng(toRgba(colours), { height, width }, 3);
      expect([...new Transformer(png).rawPixelsSync()]).toEqual([...colours]);
    }),
    { numRuns: 60 },
  );
});

test("one channel is the red one, which is the grey of a grey picture", () => {
  const rgba = Uint8ClampedArray.of(0, 9, 9, 255, 128, 9, 9, 255, 255, 9, 9, 255, 7, 9, 9, 255);
  expect([...new Transformer(encodePng(rgba, { height: 2, width: 2 }, 1)).rawPixelsSync()]).toEqual([0, 128, 255, 7]);
});

test("more than one block of deflate", () => {
  const [height, width] = [224, 224];
  const rgba = new Uint8ClampedArray(height * width * 4).map((_, at) => (at % 4 === 3 ? 255 : (at * 7) % 256));
  const pixels = new Transformer(encodePng(rgba, { height, width }, 3)).rawPixelsSync();
  expect([...pixels.subarray(-3)]).toEqual(Array.from(rgba.subarray(-4, -1)));
  expect(pixels.length).toBe(height * width * 3);
});

test("every chunk carries its checksum", () => {
  const png = Buffer.from(encodePng(toRgba(new Uint8Array(12)), { height: 2, width: 2 }, 3));
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
    at += length + 12;
  }
  expect(png.subarray(-8, -4).toString("latin1")).toBe("IEND");
});
