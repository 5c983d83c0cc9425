/** @file What an image file says of itself, read by our own code before any decoder runs: kind, size, depth, and whether all of it is there. */

import { imageEmpty, imageUnsupported } from "./errors.ts";
import type { ImageFormat } from "./errors.ts";
import { checkJpegComplete, readJpegHeader } from "./jpeg.ts";
import { checkPngComplete, readPngHeader } from "./png.ts";
import { recogniseOther } from "./recognise.ts";
import { checkWebpComplete, readWebpHeader } from "./webp.ts";

export interface ImageHeader {
  format: ImageFormat;
  /** In pixels, as stored: before `orientation` is applied. */
  width: number;
  height: number;
  /** Samples a pixel as stored; a palette counts as 3. CMYK is 4. */
  channels: 1 | 2 | 3 | 4;
  /** Whether pixels may be transparent. */
  alpha: boolean;
  /** Bits a sample after decoding. */
  depth: 8 | 16;
  /** How to turn the stored pixels to what people see, by EXIF 2.3's numbers: 1 is upright, 5 to 8 exchange width and height. */
  orientation: number;
}

/**
 * Reads the header of a JPEG, PNG or WebP file, in microseconds and without decoding.
 * A header says nothing about the rest: `checkImageComplete` does.
 * Throws `imageEmpty`, `imageUnsupported` (other formats and rare variants), `imageTruncated` or `imageBroken`.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length === 0) throw imageEmpty({});
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpegHeader(bytes);
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return readPngHeader(bytes);
  if (bytes[0] === 0x52 && bytes[8] === 0x57) return readWebpHeader(bytes);
  throw imageUnsupported({ seen: recogniseOther(bytes) });
}

/**
 * Walks the file's structure to its end marker, still without decoding: the decoder fills what is missing from a cut-off JPEG with grey
 * and says nothing. Bytes after the end marker are allowed, as every viewer does. Throws `imageTruncated` or `imageBroken`.
 */
export function checkImageComplete(bytes: Uint8Array, header: ImageHeader): void {
  if (header.format === "JPEG") checkJpegComplete(bytes);
  else if (header.format === "PNG") checkPngComplete(bytes);
  else checkWebpComplete(bytes);
}

/** Width and height as people see the image: with its EXIF orientation applied. */
export function orientedSize(header: ImageHeader): { width: number; height: number } {
  const turned = header.orientation >= 5;
  return { width: turned ? header.height : header.width, height: turned ? header.width : header.height };
}
