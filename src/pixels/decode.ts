import { FastResizeFilter, ResizeFit, Transformer } from "@napi-rs/image";
import { messageOf } from "../base/errors.ts";
import { withinBudget } from "./budget.ts";
import { convertPixels, narrowTo8Bits, opaqueRgba } from "./convert.ts";
import { imageBroken, imageTooLarge, imageWrongSize } from "./errors.ts";
import { checkImageComplete, orientedSize, readImageHeader } from "./header.ts";
import type { ImageHeader } from "./header.ts";
import { orientPixels } from "./orient.ts";
import { stripPng } from "./png.ts";

export interface DecodeOptions {
  /** Wanted size in pixels. */
  height: number;
  width: number;
  channels: 1 | 3;
  /**
   * `"refuse"`: an image of another size is an error. `"resize"`: the whole image is stretched to the wanted size; its proportions are
   * not kept (crop or pad before, where they matter). Bilinear over the whole area that a pixel covers, as torchvision's `Resize((h, w))`.
   */
  otherSizes: "refuse" | "resize";
  /** Most pixels (width × height) that are decoded; 16 bits a sample count twice. 16,777,216 by default: 50 to 70 MB while decoding. */
  maxPixels?: number;
}

export const defaultMaxPixels = 4096 * 4096;

/**
 * Pixels 0..255 of a JPEG, PNG or WebP file: height × width × channels, row by row, channels interleaved. EXIF orientation is applied;
 * of an animation the first picture is used; embedded colour profiles are not. How colours become grey, and transparency opaque: `convertPixels`.
 * About 15 µs for a 28 × 28 JPEG. Throws `imageEmpty`, `imageUnsupported`, `imageTruncated`, `imageBroken`, `imageTooLarge` or `imageWrongSize`.
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions): Uint8Array {
  const header = checkImage(bytes, options);
  return finish(
    guard(header, () => startDecode(bytes, header, options).rawPixelsSync()),
    header,
    options,
  );
}

/**
 * `decodeImage` with the decoder on libuv's thread pool: for images so large that they would hold up everything else. Only so many
 * pixels are decoded at a time as one image may have by default; more wait their turn, so that memory stays bounded.
 */
export async function decodeImageAside(bytes: Uint8Array, options: DecodeOptions): Promise<Uint8Array> {
  const header = checkImage(bytes, options);
  return withinBudget(header.width * header.height, async () => {
    const raw = await startDecode(bytes, header, options)
      .rawPixels()
      .catch((error: unknown) => {
        throw toBroken(header, error);
      });
    return finish(raw, header, options);
  });
}

/** Everything that can be known before decoding: that the file is whole, of a known kind, and of a size that is wanted. */
export function checkImage(bytes: Uint8Array, options: DecodeOptions): ImageHeader {
  const header = readImageHeader(bytes);
  const maxPixels = options.maxPixels ?? defaultMaxPixels;
  const size = orientedSize(header);
  if (size.width * size.height * (header.depth / 8) > maxPixels) throw imageTooLarge({ ...size, maxPixels });
  if (options.otherSizes === "refuse" && (size.width !== options.width || size.height !== options.height)) {
    throw imageWrongSize({ ...size, wanted: { width: options.width, height: options.height } });
  }
  checkImageComplete(bytes, header);
  return header;
}

interface Size {
  width: number;
  height: number;
}

function startDecode(bytes: Uint8Array, header: ImageHeader, options: DecodeOptions): Transformer {
  const transformer = new Transformer(header.format === "PNG" ? stripPng(bytes) : bytes);
  const target = storedTarget(header, options);
  return resizesInDecoder(header) && !isSameSize(header, target) ? resizeTo(transformer, target) : transformer;
}

/**
 * Where pixels are opaque and narrow, an image of another size is resized right after decoding, in the decoder's memory. Transparency must
 * not be mixed as it is, and 16 bits are not what the resizer takes: those are made opaque and narrow first.
 */
function resizesInDecoder({ alpha, depth }: ImageHeader): boolean {
  return !alpha && depth === 8;
}

function finish(raw: Uint8Array, header: ImageHeader, options: DecodeOptions): Uint8Array {
  const target = storedTarget(header, options);
  const decoded: Size = resizesInDecoder(header) ? target : header;
  const samples = raw.length / (decoded.width * decoded.height) / (header.depth / 8);
  if (samples !== 1 && samples !== 2 && samples !== 3 && samples !== 4) {
    throw imageBroken({
      format: header.format,
      why: `it decodes to ${raw.length} bytes, not to ${decoded.width} × ${decoded.height} pixels`,
    });
  }
  const narrow = header.depth === 16 ? narrowTo8Bits(raw) : raw;
  const pixels = isSameSize(decoded, target)
    ? convertPixels(narrow, samples, options.channels)
    : convertPixels(resizeRgba(opaqueRgba(narrow, samples), header, target), 4, options.channels);
  return orientPixels(pixels, { ...target, channels: options.channels, orientation: header.orientation });
}

function resizeRgba(rgba: Uint8Array, header: ImageHeader, target: Size): Uint8Array {
  return guard(header, () =>
    resizeTo(Transformer.fromRgbaPixels(rgba, header.width, header.height), target).rawPixelsSync(),
  );
}

function resizeTo(transformer: Transformer, target: Size): Transformer {
  return transformer.fastResize({ ...target, filter: FastResizeFilter.Bilinear, fit: ResizeFit.Fill });
}

/** The wanted size, in the stored image's own directions. */
function storedTarget({ orientation }: ImageHeader, { width, height }: DecodeOptions): Size {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

function isSameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function guard<T>(header: ImageHeader, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw toBroken(header, error);
  }
}

function toBroken({ format }: ImageHeader, error: unknown): Error {
  const said = messageOf(error);
  const why = said
    .replace(/^Decode image failed /, "")
    .replace(/^Format error decoding \w+: /, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return imageBroken({ format, why }, { cause: error });
}
