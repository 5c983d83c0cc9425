/** @file The structure of a WebP file (RFC 9649): a RIFF container with a VP8, VP8L or VP8X chunk in front. */

import { imageBroken, imageTruncated, imageUnsupported } from "./errors.ts";
import { readExifOrientation } from "./exif.ts";
import type { ImageHeader } from "./header.ts";

/** Throws `imageTruncated`, `imageBroken` or `imageUnsupported`. */
export function readWebpHeader(bytes: Uint8Array): ImageHeader {
  const text = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (text(0) !== "RIFF" || text(8) !== "WEBP") throw imageUnsupported({ seen: "a RIFF file that is no WebP" });
  if (bytes.length < 30) throw truncated(bytes);
  const kind = text(12);
  const size = kind === "VP8X" ? readExtended(bytes) : readBitstream(bytes, { kind, start: 20 });
  return {
    format: "WebP",
    ...size,
    alpha: size.channels === 4,
    depth: 8,
    orientation: kind === "VP8X" ? readOrientation(bytes) : 1,
  };
}

/** The container says how long it is, and each chunk too. Throws `imageTruncated` or `imageBroken`. */
export function checkWebpComplete(bytes: Uint8Array): void {
  const end = riffEnd(bytes);
  if (bytes.length < end) throw truncated(bytes);
  const canvas = bytes[15] === 0x58 ? readExtended(bytes) : undefined;
  for (const chunk of walkChunks(bytes, 12, end)) {
    if (chunk.end > bytes.length) throw truncated(bytes);
    if (canvas === undefined) continue;
    if (isBitstream(chunk)) checkFits(readBitstream(bytes, chunk), canvas);
    // An animation frame: 16 bytes of place and duration, then chunks again.
    if (chunk.kind !== "ANMF") continue;
    for (const inner of walkChunks(bytes, chunk.start + 16, chunk.end)) {
      if (isBitstream(inner)) checkFits(readBitstream(bytes, inner), canvas);
    }
  }
}

/** The decoder makes room for the picture's size, so the size that was checked against the limit must bound it. */
function checkFits(picture: Size, canvas: Size): void {
  if (picture.width <= canvas.width && picture.height <= canvas.height) return;
  const why = `its canvas is ${canvas.width} × ${canvas.height} pixels, a picture in it ${picture.width} × ${picture.height}`;
  throw imageBroken({ format: "WebP", why });
}

function isBitstream({ kind }: { kind: string }): boolean {
  return kind === "VP8 " || kind === "VP8L";
}

interface Size {
  width: number;
  height: number;
  channels: 3 | 4;
}

function readExtended(bytes: Uint8Array): Size {
  return { width: 1 + read24(bytes, 24), height: 1 + read24(bytes, 27), channels: (bytes[20]! & 0x10) === 0 ? 3 : 4 };
}

function readBitstream(bytes: Uint8Array, { kind, start }: { kind: string; start: number }): Size {
  if (bytes.length < start + 10) throw truncated(bytes);
  if (kind === "VP8L") {
    if (bytes[start] !== 0x2f)
      throw imageBroken({ format: "WebP", why: "its lossless bitstream has a wrong signature" });
    const bits =
      (bytes[start + 1]! | (bytes[start + 2]! << 8) | (bytes[start + 3]! << 16) | (bytes[start + 4]! << 24)) >>> 0;
    return {
      width: 1 + (bits & 0x3fff),
      height: 1 + ((bits >>> 14) & 0x3fff),
      channels: (bits & 0x10000000) === 0 ? 3 : 4,
    };
  }
  if (kind !== "VP8 ") throw imageBroken({ format: "WebP", why: `its first chunk is ${JSON.stringify(kind)}` });
  const startCode = read24(bytes, start + 3);
  if ((bytes[start]! & 1) !== 0 || startCode !== 0x2a019d)
    throw imageBroken({ format: "WebP", why: "its bitstream does not begin with a key frame" });
  const width = (bytes[start + 6]! | (bytes[start + 7]! << 8)) & 0x3fff;
  const height = (bytes[start + 8]! | (bytes[start + 9]! << 8)) & 0x3fff;
  if (width === 0 || height === 0)
    throw imageBroken({ format: "WebP", why: `it says it is ${width} × ${height} pixels` });
  return { width, height, channels: 3 };
}

function readOrientation(bytes: Uint8Array): number {
  for (const { kind, start, end } of walkChunks(bytes, 12, riffEnd(bytes))) {
    if (kind === "EXIF") return readExifOrientation(bytes.subarray(start, end)) ?? 1;
  }
  return 1;
}

function* walkChunks(
  bytes: Uint8Array,
  from: number,
  to: number,
): Generator<{ kind: string; start: number; end: number }> {
  const last = Math.min(to, bytes.length);
  for (let at = from; at + 8 <= last;) {
    const length = read24(bytes, at + 4) + bytes[at + 7]! * 0x1000000;
    const start = at + 8;
    yield { kind: String.fromCharCode(...bytes.subarray(at, at + 4)), start, end: start + length };
    // Chunks are padded to an even length.
    at = start + length + (length & 1);
  }
}

/** Where the RIFF container says that it ends. */
function riffEnd(bytes: Uint8Array): number {
  return 8 + read24(bytes, 4) + bytes[7]! * 0x1000000;
}

function truncated(bytes: Uint8Array): Error {
  return imageTruncated({ format: "WebP", bytes: bytes.length, why: "the file is shorter than its container says" });
}

function read24(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
}
