import { describe, expect, test } from "vitest";
import {
  animatedWebp,
  cmykJpeg,
  grey,
  greyJpeg,
  makeJpeg,
  makePng,
  transformerOf,
  withOrientation,
  withWebpOrientation,
} from "./_fixtures.ts";
import type { Picture } from "./_fixtures.ts";
import { decodeImage, decodeImageAside } from "./decode.ts";
import type { DecodeOptions } from "./decode.ts";
import { imageTooLarge, imageWrongSize } from "./errors.ts";

const size = (width: number, height: number, channels: 1 | 3 = 1): DecodeOptions => ({
  width,
  height,
  channels,
  otherSizes: "refuse",
});
const ramp = grey(16, 12, (x, y) => x * 8 + y * 10);
const colours: Picture = { width: 16, height: 12, at: (x, y) => [x * 15, y * 20, 128] };

/** The largest difference between pixels and the picture they should be. */
function worst(pixels: Uint8Array, picture: Picture, channels: 1 | 3): number {
  expect(pixels.length).toBe(picture.width * picture.height * channels);
  return Math.max(
    ...pixels.map((value, i) => {
      const [pixel, c] = [Math.floor(i / channels), i % channels];
      const [red, green, blue] = picture.at(pixel % picture.width, Math.floor(pixel / picture.width));
      const wanted = channels === 1 ? 0.299 * red + 0.587 * green + 0.114 * blue : [red, green, blue][c]!;
      return Math.abs(value - wanted);
    }),
  );
}

describe("formats", () => {
  test.each([
    ["a JPEG without colour", makeJpeg(ramp), ramp, 6],
    ["a colour JPEG", makeJpeg(colours), colours, 20],
    ["a progressive JPEG", makeJpeg(colours, { progressive: true }), colours, 20],
    ["a PNG", transformerOf(colours).pngSync(), colours, 0.51],
    ["a lossless WebP", transformerOf(colours).webpLosslessSync(), colours, 0.51],
    ["a lossy WebP", transformerOf(ramp).webpSync(95), ramp, 8],
  ])("%s gives its pixels, grey and in colour", (_name, bytes, picture, tolerance) => {
    for (const channels of [1, 3] as const) {
      expect(worst(decodeImage(bytes, size(16, 12, channels)), picture, channels)).toBeLessThanOrEqual(tolerance);
    }
  });

  test("a CMYK JPEG becomes RGB", () => {
    const [red, green, blue] = decodeImage(cmykJpeg, size(8, 8, 3));
    expect([red! > 245, green! < 10, blue! < 10]).toEqual([true, true, true]);
  });

  test("of an animation the first picture is used", () => {
    expect([...decodeImage(animatedWebp, size(8, 8, 3)).subarray(0, 3)]).toEqual([0, 0, 255]);
  });

  test("a PNG with 16 bits is narrowed with rounding", () => {
    const values = [0, 127, 128, 129, 32_767, 32_768, 65_407, 65_535];
    const png = makePng({
      width: 8,
      height: 1,
      depth: 16,
      colour: 0,
      rows: [values.flatMap((v) => [v >> 8, v & 255])],
    });
    expect([...decodeImage(png, size(8, 1))]).toEqual(values.map((v) => Math.round(v / 257)));
  });

  test("a PNG with 16 bits, colour and alpha", () => {
    const row = [0xff, 0xff, 0x80, 0x80, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0];
    const png = makePng({ width: 2, height: 1, depth: 16, colour: 6, rows: [row] });
    expect([...decodeImage(png, size(2, 1, 3))]).toEqual([255, 128, 0, 0, 0, 0]);
  });

  test("a PNG with 1 bit is black and white", () => {
    const png = makePng({ width: 8, height: 1, depth: 1, colour: 0, rows: [[0b1010_0001]] });
    expect([...decodeImage(png, size(8, 1))]).toEqual([255, 0, 255, 0, 0, 0, 0, 255]);
  });

  test("a palette with a transparent colour", () => {
    const extra = [
      ["PLTE", Uint8Array.of(255, 0, 0, 0, 255, 0)],
      ["tRNS", Uint8Array.of(0)],
    ] as const;
    const png = makePng({ width: 2, height: 1, depth: 8, colour: 3, rows: [[0, 1]], extra });
    expect([...decodeImage(png, size(2, 1, 3))]).toEqual([0, 0, 0, 0, 255, 0]);
  });

  test("bytes after the end, as some cameras leave them, do not matter", () => {
    for (const bytes of [makeJpeg(ramp), transformerOf(ramp).pngSync(), transformerOf(ramp).webpLosslessSync()]) {
      const more = Buffer.concat([bytes, Buffer.from("trailing \u00ff\u00d8\u00ff", "latin1")]);
      expect(decodeImage(more, size(16, 12))).toEqual(decodeImage(bytes, size(16, 12)));
    }
  });

  test("a view into a larger buffer is read as itself", () => {
    const jpeg = makeJpeg(ramp);
    const buffer = Buffer.concat([Buffer.alloc(7, 0xff), jpeg, Buffer.alloc(5)]);
    expect(decodeImage(buffer.subarray(7, 7 + jpeg.length), size(16, 12))).toEqual(decodeImage(jpeg, size(16, 12)));
  });
});

describe("transparency lies over black", () => {
  const half: Picture = { width: 4, height: 2, at: () => [200, 100, 50, 128] };
  test.each([
    ["PNG", transformerOf(half).pngSync()],
    ["WebP", transformerOf(half).webpLosslessSync()],
  ])("%s", (_name, bytes) => {
    expect([...decodeImage(bytes, size(4, 2, 3)).subarray(0, 3)]).toEqual([100, 50, 25]);
    expect([...decodeImage(bytes, { ...size(2, 1, 3), otherSizes: "resize" })]).toEqual([100, 50, 25, 100, 50, 25]);
  });

  test("colour hidden by full transparency does not bleed into its neighbours when resized", () => {
    const hidden: Picture = { width: 8, height: 8, at: (x) => (x < 4 ? [255, 255, 255, 0] : [0, 0, 0, 255]) };
    expect(Math.max(...decodeImage(transformerOf(hidden).pngSync(), { ...size(3, 3), otherSizes: "resize" }))).toBe(0);
  });

  test("grey with alpha", () => {
    const png = makePng({ width: 2, height: 1, depth: 8, colour: 4, rows: [[255, 51, 80, 255]] });
    expect([...decodeImage(png, size(2, 1))]).toEqual([51, 80]);
    expect([...decodeImage(png, size(2, 1, 3))]).toEqual([51, 51, 51, 80, 80, 80]);
  });
});

describe("EXIF orientation", () => {
  // Even blocks of 8 × 8 pixels survive JPEG:  1 2 3 / 4 5 6, times 40.
  const upright = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  test.each([
    [1, upright],
    [
      2,
      [
        [3, 2, 1],
        [6, 5, 4],
      ],
    ],
    [
      3,
      [
        [6, 5, 4],
        [3, 2, 1],
      ],
    ],
    [
      4,
      [
        [4, 5, 6],
        [1, 2, 3],
      ],
    ],
    [
      5,
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
    [
      6,
      [
        [4, 1],
        [5, 2],
        [6, 3],
      ],
    ],
    [
      7,
      [
        [6, 3],
        [5, 2],
        [4, 1],
      ],
    ],
    [
      8,
      [
        [3, 6],
        [2, 5],
        [1, 4],
      ],
    ],
    [9, upright],
  ])("%i", (orientation, wanted) => {
    const [rows, columns] = [wanted.length, wanted[0]!.length];
    for (const order of ["II", "MM"] as const) {
      const jpeg = withOrientation(greyJpeg, orientation, order);
      const pixels = decodeImage(jpeg, size(columns * 8, rows * 8));
      const seen = wanted.map((row, y) =>
        row.map((_, x) => Math.round(pixels[(y * 8 + 4) * columns * 8 + x * 8 + 4]! / 40)),
      );
      expect(seen).toEqual(wanted);
      const small = decodeImage(jpeg, { ...size(columns, rows), otherSizes: "resize" });
      // Resizing mixes neighbours, but keeps which is darker.
      expect(ranks([...small])).toEqual(ranks(wanted.flat()));
    }
  });
});

test("a WebP is turned by its EXIF chunk", () => {
  const lossless = transformerOf(grey(3, 2, (x, y) => 40 * (1 + x + 3 * y))).webpLosslessSync();
  const turned = withWebpOrientation(lossless, { width: 3, height: 2 }, 6);
  expect([...decodeImage(turned, size(2, 3))].map((value) => value / 40)).toEqual([4, 1, 5, 2, 6, 3]);
});

/** Places of the values, darkest first. */
function ranks(values: readonly number[]): number[] {
  return values.map((_, place) => place).toSorted((a, b) => values[a]! - values[b]!);
}

test("a grey JPEG gives grey, and the same three times in colour", () => {
  const pixels = decodeImage(greyJpeg, size(24, 16));
  expect([0, 8, 16, 23].map((x) => Math.round(pixels[x]! / 10))).toEqual([4, 8, 12, 12]);
  expect([...decodeImage(greyJpeg, size(24, 16, 3))]).toEqual([...pixels].flatMap((value) => [value, value, value]));
});

describe("other sizes", () => {
  test("are refused with both sizes named", () => {
    expect(() => decodeImage(makeJpeg(ramp), size(28, 28))).toThrow(
      expect.objectContaining({
        code: imageWrongSize.code,
        status: 422,
        message: "The image is 16 × 12 pixels (width × height); 28 × 28 was wanted",
      }),
    );
  });

  test.each([
    [28, 28],
    [3, 5],
    [1, 1],
    [40, 7],
  ])("are stretched to %i × %i", (width, height) => {
    for (const bytes of [makeJpeg(ramp), transformerOf(ramp).pngSync(), transformerOf(ramp).webpLosslessSync()]) {
      for (const channels of [1, 3] as const) {
        const pixels = decodeImage(bytes, { ...size(width, height, channels), otherSizes: "resize" });
        const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
        expect({ length: pixels.length, near: Math.abs(mean - 115) < 8 }).toEqual({
          length: width * height * channels,
          near: true,
        });
      }
    }
  });

  test("an even area stays even", () => {
    const flat = transformerOf(grey(37, 23, () => 173)).pngSync();
    for (const side of [5, 28, 64]) {
      expect(new Set(decodeImage(flat, { ...size(side, side, 3), otherSizes: "resize" }))).toEqual(new Set([173]));
    }
  });
});

test("too many pixels are refused, 16 bits counting twice", () => {
  const png = makePng({
    width: 8,
    height: 8,
    depth: 16,
    colour: 0,
    rows: Array.from({ length: 8 }, () => Array.from({ length: 16 }, () => 0)),
  });
  expect(() => decodeImage(png, { ...size(8, 8), maxPixels: 127 })).toThrow(
    expect.objectContaining({ code: imageTooLarge.code, status: 413 }),
  );
  expect(decodeImage(png, { ...size(8, 8), maxPixels: 128 })).toHaveLength(64);
});

test("decoding aside gives the same pixels and the same errors", async () => {
  const jpeg = withOrientation(makeJpeg(colours), 6);
  const options = { ...size(5, 7, 3), otherSizes: "resize" } as const;
  expect(await decodeImageAside(jpeg, options)).toEqual(decodeImage(jpeg, options));
  await expect(decodeImageAside(jpeg, size(9, 9))).rejects.toMatchObject({ code: imageWrongSize.code });
});
