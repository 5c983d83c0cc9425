/** @file The structure of a JPEG file (ITU-T T.81, annex B), walked marker by marker. */

import { imageBroken, imageTruncated, imageUnsupported } from "./errors.ts";
import { readExifOrientation } from "./exif.ts";
import type { ImageHeader } from "./header.ts";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;

/** Each scan of a progressive file costs the decoder a pass over the whole image; real encoders write at most about twenty. */
const maxScans = 64;

/** Reads up to the frame header (SOF). Throws `imageTruncated`, `imageBroken` or `imageUnsupported`. */
export function readJpegHeader(bytes: Uint8Array): ImageHeader {
  let orientation = 1;
  for (let at = 2; ;) {
    const segment = readSegment(bytes, at);
    if (isFrame(segment.marker)) return toHeader(readFrame(bytes, segment), orientation);
    if (segment.marker === SOS || segment.marker === EOI)
      throw imageBroken({ format: "JPEG", why: "it has no frame header (SOF)" });
    if (segment.marker === APP1)
      orientation = readExifOrientation(bytes.subarray(segment.start, segment.end)) ?? orientation;
    at = segment.end;
  }
}

/** Walks every scan to the end-of-image marker. Throws `imageTruncated` or `imageBroken`. */
export function checkJpegComplete(bytes: Uint8Array): void {
  let frame: Frame | undefined;
  let scans = 0;
  let coded = 0;
  for (let at = 2; ;) {
    const segment = readSegment(bytes, at);
    at = segment.end;
    if (segment.marker === EOI) break;
    if (segment.marker === SOI)
      throw imageBroken({ format: "JPEG", why: "a second image starts before the first one ends" });
    if (isFrame(segment.marker)) {
      // Decoders differ in which of two frame headers they believe; the size that was checked must be the one that is decoded.
      if (frame !== undefined) throw imageBroken({ format: "JPEG", why: "it has more than one frame header (SOF)" });
      frame = readFrame(bytes, segment);
    }
    if (segment.marker === SOS) {
      if (++scans > maxScans) throw imageBroken({ format: "JPEG", why: `it has more than ${maxScans} scans` });
      at = skipEntropyCoded(bytes, segment.end);
      coded += at - segment.end;
    }
  }
  if (frame === undefined || scans === 0) throw imageBroken({ format: "JPEG", why: "it holds no image data" });
  // The shortest Huffman code is one bit, so every 8 × 8 block takes one bit (progressive: its DC) or two (DC and end of block).
  const least = Math.ceil((frame.blocks * (frame.progressive ? 1 : 2)) / 8);
  if (coded < least) {
    const why = `${coded.toLocaleString("en")} bytes of pixel data are too few for ${frame.width} × ${frame.height} pixels`;
    throw imageTruncated({ format: "JPEG", bytes: bytes.length, why });
  }
}

interface Segment {
  marker: number;
  /** Where its payload lies. */
  start: number;
  end: number;
}

function readSegment(bytes: Uint8Array, from: number): Segment {
  let at = from;
  if (at < bytes.length && bytes[at] !== 0xff)
    throw imageBroken({ format: "JPEG", why: `a marker was expected at byte ${at}` });
  // Any number of 0xff may fill the space before a marker (B.1.1.2).
  while (bytes[at] === 0xff) at++;
  const marker = bytes[at++];
  if (marker === undefined) throw truncated(bytes);
  if (marker === 0) throw imageBroken({ format: "JPEG", why: `a marker was expected at byte ${from}` });
  // SOI, EOI, TEM and the restart markers stand alone, without a length.
  if (marker === 0x01 || (marker >= 0xd0 && marker <= EOI)) return { marker, start: at, end: at };
  if (at + 2 > bytes.length) throw truncated(bytes);
  const length = read16(bytes, at);
  if (length < 2) throw imageBroken({ format: "JPEG", why: `the segment at byte ${from} has a length of ${length}` });
  if (at + length > bytes.length) throw truncated(bytes);
  return { marker, start: at + 2, end: at + length };
}

/** Where the marker after a scan's data lies. In the data itself 0xff is followed by 0x00, or by a restart marker. */
function skipEntropyCoded(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at)) {
    const next = bytes[at + 1];
    if (next === undefined) break;
    if (next === 0xff) at += 1;
    else if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at += 2;
    else return at;
  }
  throw truncated(bytes);
}

interface Frame {
  width: number;
  height: number;
  channels: 1 | 3 | 4;
  progressive: boolean;
  /** 8 × 8 blocks of the finest component: a lower bound of what must be coded. */
  blocks: number;
}

/** SOF0 to SOF15, without DHT (c4), JPG (c8) and DAC (cc), which lie between them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(bytes: Uint8Array, { marker, start, end }: Segment): Frame {
  if (marker > 0xc2)
    throw imageUnsupported({ seen: `${marker < 0xc8 ? "a lossless or hierarchical" : "an arithmetic-coded"} JPEG` });
  if (end - start < 6) throw imageBroken({ format: "JPEG", why: "its frame header (SOF) is too short" });
  const precision = bytes[start]!;
  if (precision !== 8) throw imageUnsupported({ seen: `a JPEG with ${precision} bits a sample` });
  const height = read16(bytes, start + 1);
  const width = read16(bytes, start + 3);
  if (width === 0 || height === 0)
    throw imageBroken({ format: "JPEG", why: `it says it is ${width} × ${height} pixels` });
  const channels = bytes[start + 5]!;
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw imageUnsupported({ seen: `a JPEG with ${channels} colour components` });
  if (end - start !== 6 + 3 * channels)
    throw imageBroken({ format: "JPEG", why: "its frame header (SOF) has the wrong length" });
  return {
    width,
    height,
    channels,
    progressive: marker === 0xc2,
    blocks: countBlocks(bytes, start + 6, { width, height, channels }),
  };
}

function countBlocks(bytes: Uint8Array, at: number, size: { width: number; height: number; channels: number }): number {
  const sampling = Array.from({ length: size.channels }, (_, i) => bytes[at + 3 * i + 1]!).map(
    (both) => [both >> 4, both & 15] as const,
  );
  if (sampling.some(([h, v]) => h < 1 || h > 4 || v < 1 || v > 4))
    throw imageBroken({ format: "JPEG", why: "its sampling factors are not 1 to 4" });
  const mostH = Math.max(...sampling.map(([h]) => h));
  const mostV = Math.max(...sampling.map(([, v]) => v));
  return Math.max(
    ...sampling.map(([h, v]) => Math.ceil((size.width * h) / mostH / 8) * Math.ceil((size.height * v) / mostV / 8)),
  );
}

function toHeader({ width, height, channels }: Frame, orientation: number): ImageHeader {
  return { format: "JPEG", width, height, channels, alpha: false, depth: 8, orientation };
}

function truncated(bytes: Uint8Array): Error {
  return imageTruncated({ format: "JPEG", bytes: bytes.length, why: "the file ends before its end-of-image marker" });
}

function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
