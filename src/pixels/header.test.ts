import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { SlipwayError } from "../base/errors.ts";
import {
  animatedWebp,
  cmykJpeg,
  grey,
  greyJpeg,
  makeJpeg,
  makePng,
  transformerOf,
  withOrientation,
} from "./_fixtures.ts";
import { decodeImage } from "./decode.ts";
import { checkImageComplete, orientedSize, readImageHeader } from "./header.ts";
import { stripPng } from "./png.ts";

const picture = grey(20, 14, (x, y) => x * y);
const jpeg = greyJpeg;
const png = Uint8Array.from(transformerOf(picture).pngSync());
const webp = Uint8Array.from(transformerOf(picture).webpSync(80));
const lossless = Uint8Array.from(transformerOf(picture).webpLosslessSync());

/** The code, status and message of what an action throws. */
function failureOf(action: () => unknown): { code: string; status: number; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof SlipwayError)
      return { code: error.code.replace("SLIPWAY_PIXELS_", ""), status: error.status, message: error.message };
    throw error;
  }
  return { code: "none", status: 200, message: "" };
}

const check = (bytes: Uint8Array) => failureOf(() => checkImageComplete(bytes, readImageHeader(bytes)));

describe("headers", () => {
  test.each([
    ["grey JPEG", jpeg, { format: "JPEG", width: 24, height: 16, channels: 1, depth: 8, orientation: 1 }],
    [
      "colour JPEG",
      makeJpeg(picture),
      { format: "JPEG", width: 20, height: 14, channels: 3, depth: 8, orientation: 1 },
    ],
    [
      "progressive JPEG",
      makeJpeg(picture, { progressive: true }),
      { format: "JPEG", width: 20, height: 14, channels: 3, depth: 8, orientation: 1 },
    ],
    ["CMYK JPEG", cmykJpeg, { format: "JPEG", width: 8, height: 8, channels: 4, depth: 8, orientation: 1 }],
    [
      "turned JPEG",
      withOrientation(jpeg, 6),
      { format: "JPEG", width: 24, height: 16, channels: 1, depth: 8, orientation: 6 },
    ],
    ["PNG", png, { format: "PNG", width: 20, height: 14, channels: 4, depth: 8, orientation: 1 }],
    ["lossy WebP", webp, { format: "WebP", width: 20, height: 14, channels: 3, depth: 8, orientation: 1 }],
    ["lossless WebP", lossless, { format: "WebP", width: 20, height: 14, depth: 8, orientation: 1 }],
    ["animated WebP", animatedWebp, { format: "WebP", width: 8, height: 8, channels: 3, depth: 8, orientation: 1 }],
  ])("%s", (_name, bytes, wanted) => {
    expect(readImageHeader(bytes)).toMatchObject(wanted);
    expect(check(bytes).code).toBe("none");
  });

  test("orientation 5 to 8 exchange width and height", () => {
    expect(orientedSize(readImageHeader(withOrientation(jpeg, 8)))).toEqual({ width: 16, height: 24 });
  });
});

describe("what is no image", () => {
  test.each([
    ["GIF89a......", "a GIF file"],
    ["hello, this is text", 'text ("hello, this is t…")'],
    ["<!doctype html><html>", "an HTML page"],
    ["<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG or XML file"],
    ["\0\0\0\u0020ftypheic", "a HEIC file"],
    ["BM......", "a BMP file"],
    ["\u0000\u0001\u0002\u0003", "of an unknown kind (its first bytes are 00010203)"],
    ["RIFF....WAVEfmt ", "a RIFF file that is no WebP"],
  ])("%j is named", (text, seen) => {
    expect(check(Buffer.from(text, "latin1"))).toEqual({
      code: "UNSUPPORTED",
      status: 415,
      message: `The image is ${seen}; a JPEG, PNG or WebP file was wanted`,
    });
  });

  test("nothing at all", () => {
    expect(check(new Uint8Array())).toMatchObject({ code: "EMPTY", status: 400 });
  });

  test.each([
    [0xc9, "an arithmetic-coded JPEG"],
    [0xc3, "a lossless or hierarchical JPEG"],
  ])("JPEG process %i is not decoded", (marker, seen) => {
    const other = Buffer.from(jpeg);
    other[other.indexOf(Buffer.from([0xff, 0xc0])) + 1] = marker;
    expect(check(other)).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining(seen) as string });
  });
});

describe("cut off", () => {
  test.each([
    ["JPEG", jpeg],
    ["progressive JPEG", makeJpeg(picture, { progressive: true })],
    ["PNG", png],
    ["WebP", webp],
    ["lossless WebP", lossless],
  ])("a %s at any length is found before decoding", (_name, whole) => {
    const codes = Array.from({ length: whole.length - 12 }, (_, i) => check(whole.subarray(0, 12 + i)).code);
    expect([...new Set(codes)]).toEqual(["TRUNCATED"]);
  });

  test("a JPEG whose size promises more than its bytes can hold", () => {
    const bomb = Buffer.from(jpeg);
    const frame = bomb.indexOf(Buffer.from([0xff, 0xc0]));
    bomb.writeUInt16BE(4000, frame + 5);
    bomb.writeUInt16BE(4000, frame + 7);
    expect(check(bomb)).toMatchObject({
      code: "TRUNCATED",
      status: 422,
      message: expect.stringContaining("too few for 4000 × 4000 pixels") as string,
    });
  });
});

describe("bombs", () => {
  const options = { width: 28, height: 28, channels: 1, otherSizes: "resize" } as const;

  test("100 megapixels are refused from the header", () => {
    const bomb = makePng({ width: 10_000, height: 10_000, depth: 8, colour: 0, rows: [[0]] });
    expect(failureOf(() => decodeImage(bomb, options))).toEqual({
      code: "TOO_LARGE",
      status: 413,
      message: "The image is 10000 × 10000 pixels; at most 16,777,216 in all are decoded",
    });
  });

  test("compressed text and colour profiles never reach the decoder", () => {
    const parts = { width: 3, height: 1, depth: 8, colour: 0, rows: [[1, 2, 3]] } as const;
    // A megabyte of text in a kilobyte.
    const text = Buffer.concat([Buffer.from("name\0\0", "latin1"), deflateSync(Buffer.alloc(1_000_000))]);
    const plain = makePng(parts);
    const loaded = makePng({
      ...parts,
      extra: [
        ["iCCP", text],
        ["zTXt", text],
        ["acTL", Buffer.alloc(8)],
      ],
    });
    expect(Buffer.from(stripPng(loaded))).toEqual(Buffer.from(plain));
    expect(stripPng(plain)).toBe(plain);
    expect([...decodeImage(loaded, { ...options, width: 3, height: 1 })]).toEqual([1, 2, 3]);
  });

  test("two frame headers, of which the decoder might believe the other", () => {
    const frame = jpeg.subarray(Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xc0])));
    const again = Buffer.concat([jpeg.subarray(0, jpeg.length - frame.length), frame.subarray(0, 13), frame]);
    expect(check(again)).toMatchObject({
      code: "BROKEN",
      message: expect.stringContaining("more than one frame header") as string,
    });
  });

  test("thousands of scans", () => {
    const progressive = Buffer.from(makeJpeg(picture, { progressive: true }));
    const scan = progressive.subarray(progressive.indexOf(Buffer.from([0xff, 0xda])), progressive.length - 2);
    const many = Buffer.concat([
      progressive.subarray(0, -2),
      ...Array.from({ length: 70 }, () => scan),
      Buffer.from([0xff, 0xd9]),
    ]);
    expect(check(many)).toMatchObject({
      code: "BROKEN",
      message: expect.stringContaining("more than 64 scans") as string,
    });
  });

  test("an animation frame larger than its canvas", () => {
    const bytes = Buffer.from(animatedWebp);
    // The lossless bitstream's width and height of the first frame, after its signature byte 0x2f.
    bytes.fill(0xff, bytes.indexOf(0x2f, 60) + 1, bytes.indexOf(0x2f, 60) + 4);
    expect(check(bytes)).toMatchObject({
      code: "BROKEN",
      message: expect.stringContaining("its canvas is 8 × 8") as string,
    });
  });
});

test.each([
  ["a JPEG without a frame header", Buffer.from("ffd8ffda0008010100003f00", "hex"), "no frame header"],
  ["a JPEG with rubbish between segments", Buffer.from("ffd8ffe00002001122", "hex"), "a marker was expected at byte 6"],
  ["a PNG with a damaged signature", Buffer.from("89504e470a0a1a0a", "hex"), "signature is damaged"],
  [
    "a PNG without IHDR first",
    Buffer.concat([png.subarray(0, 8), png.subarray(33)]),
    "first chunk is not a 13-byte IHDR",
  ],
])("%s is broken", (_name, bytes, words) => {
  expect(check(bytes)).toMatchObject({
    code: "BROKEN",
    status: 422,
    message: expect.stringContaining(words) as string,
  });
});
