/** @file The structure of a PNG file (W3C PNG, third edition, section 5), walked chunk by chunk. */

import { imageBroken, imageTruncated, imageUnsupported } from "./errors.ts";
import type { ImageHeader } from "./header.ts";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const IHDR = 0x49484452;
const IDAT = 0x49444154;
const IEND = 0x49454e44;
const PLTE = 0x504c5445;
const tRNS = 0x74524e53;

/** Samples a pixel for each colour type; a palette gives RGB. */
const channelsByColour: Readonly<Record<number, 1 | 2 | 3 | 4>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };
const depthsByColour: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Throws `imageTruncated`, `imageBroken` or `imageUnsupported`. */
export function readPngHeader(bytes: Uint8Array): ImageHeader {
  if (signature.some((byte, i) => i < bytes.length && bytes[i] !== byte))
    throw imageBroken({ format: "PNG", why: "its signature is damaged" });
  if (bytes.length < 33) throw truncated(bytes);
  const view = viewOf(bytes);
  const kind = view.getUint32(12);
  // Apple's private variant, without zlib headers and with swapped colours; no decoder outside Apple reads it.
  if (kind === 0x43674249) throw imageUnsupported({ seen: "an Apple-optimised (CgBI) PNG" });
  if (kind !== IHDR || view.getUint32(8) !== 13)
    throw imageBroken({ format: "PNG", why: "its first chunk is not a 13-byte IHDR" });
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  if (width === 0 || height === 0 || width > 0x7fffffff || height > 0x7fffffff) {
    throw imageBroken({ format: "PNG", why: `it says it is ${width} × ${height} pixels` });
  }
  const [depth, colour] = [bytes[24]!, bytes[25]!];
  if (!depthsByColour[colour]?.includes(depth))
    throw imageBroken({ format: "PNG", why: `it says colour type ${colour} with ${depth} bits` });
  return {
    format: "PNG",
    width,
    height,
    channels: channelsByColour[colour]!,
    alpha: colour >= 4 || hasTransparentColour(bytes),
    depth: depth === 16 ? 16 : 8,
    orientation: 1,
  };
}

/** A palette, grey or RGB may name colours that are transparent, in a chunk before the image data. */
function hasTransparentColour(bytes: Uint8Array): boolean {
  for (const { kind } of walkChunks(bytes)) {
    if (kind === tRNS) return true;
    if (kind === IDAT) return false;
  }
  return false;
}

/** Walks every chunk to IEND; the decoder checks the CRC of those it uses. Throws `imageTruncated` or `imageBroken`. */
export function checkPngComplete(bytes: Uint8Array): void {
  let data = 0;
  for (const chunk of walkChunks(bytes)) {
    if (chunk.kind === IHDR && chunk.at !== signature.length)
      throw imageBroken({ format: "PNG", why: "it has more than one IHDR" });
    if (chunk.kind === IDAT) data += chunk.end - chunk.at - 12;
  }
  if (data === 0) throw imageBroken({ format: "PNG", why: "it holds no image data (IDAT)" });
}

/**
 * The same picture with only the chunks that make its pixels. Compressed text and colour profiles can unfold a thousandfold
 * inside the decoder, and animation frames are not used; a file without such extras comes back as it is.
 */
export function stripPng(bytes: Uint8Array): Uint8Array {
  const chunks = [...walkChunks(bytes)];
  const kept = chunks.filter(
    ({ kind }) => kind === IHDR || kind === PLTE || kind === tRNS || kind === IDAT || kind === IEND,
  );
  if (kept.length === chunks.length) return bytes;
  return Buffer.concat([signature, ...kept.map(({ at, end }) => bytes.subarray(at, end))]);
}

function* walkChunks(bytes: Uint8Array): Generator<{ kind: number; at: number; end: number }> {
  const view = viewOf(bytes);
  for (let at = signature.length; ;) {
    // Length, kind and CRC take four bytes each.
    if (at + 12 > bytes.length) throw truncated(bytes);
    const kind = view.getUint32(at + 4);
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) throw truncated(bytes);
    yield { kind, at, end };
    if (kind === IEND) return;
    at = end;
  }
}

function truncated(bytes: Uint8Array): Error {
  return imageTruncated({ format: "PNG", bytes: bytes.length, why: "the file ends before its IEND chunk" });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
