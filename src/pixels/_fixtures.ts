/** @file Image files for tests, made in the test itself. */
import { crc32, deflateSync } from "node:zlib";
import { Transformer, compressJpegSync } from "@napi-rs/image";

export interface Picture {
  width: number;
  height: number;
  /** 0..255 each. */
  at: (x: number, y: number) => readonly [red: number, green: number, blue: number, alpha?: number];
}

export function transformerOf({ width, height, at }: Picture): Transformer {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const [red, green, blue, alpha = 255] = at(x, y);
      rgba.set([red, green, blue, alpha], to);
    }
  }
  return Transformer.fromRgbaPixels(rgba, width, height);
}

/** Grey values in every channel. */
export function grey(width: number, height: number, at: (x: number, y: number) => number): Picture {
  return { width, height, at: (x, y) => [at(x, y), at(x, y), at(x, y)] };
}

/** Three components, whatever the picture: the encoder writes no other. */
export function makeJpeg(picture: Picture, options: { progressive?: boolean } = {}): Uint8Array {
  const jpeg = transformerOf(picture).jpegSync(95);
  return Uint8Array.from(options.progressive === true ? compressJpegSync(jpeg, { quality: 95 }) : jpeg);
}

/** An APP1 segment right after the start of the image, as cameras write it. */
export function withOrientation(jpeg: Uint8Array, orientation: number, order: ByteOrder = "MM"): Uint8Array {
  const payload = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), makeExif(orientation, order)]);
  const head = Buffer.from([0xff, 0xe1, (payload.length + 2) >> 8, (payload.length + 2) & 255]);
  return Buffer.concat([jpeg.subarray(0, 2), head, payload, jpeg.subarray(2)]);
}

/** An extended WebP with the same picture and an EXIF chunk behind it. */
export function withWebpOrientation(
  webp: Uint8Array,
  size: { width: number; height: number },
  orientation: number,
): Uint8Array {
  const extended = Buffer.alloc(10);
  extended[0] = 0x08;
  extended.writeUIntLE(size.width - 1, 4, 3);
  extended.writeUIntLE(size.height - 1, 7, 3);
  const chunk = (kind: string, data: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(kind), length32(data.length), data, Buffer.alloc(data.length & 1)]);
  const body = Buffer.concat([chunk("VP8X", extended), webp.subarray(12), chunk("EXIF", makeExif(orientation, "II"))]);
  return Buffer.concat([Buffer.from("RIFF"), length32(body.length + 4), Buffer.from("WEBP"), body]);
}

function length32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Little-endian or big-endian. */
type ByteOrder = "II" | "MM";

/** A TIFF header and a directory with the orientation alone. */
function makeExif(orientation: number, order: ByteOrder): Buffer {
  const tiff = Buffer.alloc(26);
  const little = order === "II";
  const put16 = (value: number, at: number) => (little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at));
  const put32 = (value: number, at: number) => (little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at));
  tiff.write(order, 0, "latin1");
  put16(42, 2);
  put32(8, 4);
  put16(1, 8);
  put16(0x0112, 10);
  put16(3, 12);
  put32(1, 14);
  put16(orientation, 18);
  return tiff;
}

export interface PngParts {
  width: number;
  height: number;
  depth: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  colour: 0 | 2 | 3 | 4 | 6;
  /** The bytes of each row, without the filter byte. */
  rows: readonly (readonly number[])[];
  /** Chunks before IDAT. */
  extra?: readonly (readonly [kind: string, data: Uint8Array])[];
}

export function makePng({ width, height, depth, colour, rows, extra = [] }: PngParts): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour], 8);
  const data = deflateSync(Buffer.concat(rows.map((row) => Buffer.from([0, ...row]))));
  const chunks = [["IHDR", header] as const, ...extra, ["IDAT", data] as const, ["IEND", new Uint8Array()] as const];
  return Buffer.concat([
    Buffer.from("\u0089PNG\r\n\u001a\n", "latin1"),
    ...chunks.map(([kind, bytes]) => makeChunk(kind, bytes)),
  ]);
}

function makeChunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** 24 × 16 grey by Pillow 13: blocks of 8 × 8 pixels with the values 40, 80, 120 and, below them, 160, 200, 240. */
export const greyJpeg = Buffer.from(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAQABgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACAn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AJPlAUBQFAUD/9k=",
  "base64",
);

/** 8 × 8 red, stored as inverted CMYK by Pillow 13. */
export const cmykJpeg = Buffer.from(
  "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAKBwcIBwYKCAgICwoKCw4YEA4NDQ4dFRYRGCMfJSQiHyIhJis3LyYpNCkhIjBBMTQ5Oz4+PiUuRElDPEg3PT47/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABQAAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/AGYMhkzP/9k=",
  "base64",
);

/** 8 × 8, first blue, then red, by libwebp. */
export const animatedWebp = Buffer.from(
  "UklGRoQAAABXRUJQVlA4WAoAAAACAAAABwAABwAAQU5JTQYAAAAAAAAAAABBTk1GKAAAAAAAAAAAAAcAAAcAAGQAAAJWUDhMDwAAAC8HwAEABxDR//4HIqL/AQBBTk1GKAAAAAAAAAAAAAcAAAcAAGQAAABWUDhMDwAAAC8HwAEABxD9j/4HIqL/AQA=",
  "base64",
);
