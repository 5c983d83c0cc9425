import type { DecodeOptions } from "../pixels/decode.ts";
import type { ImageFolderSource } from "./types.ts";

/** Files of a dataset are the owner's own, so larger photographs are decoded than a server takes from strangers: 67 megapixels. */
const maxPixels = 8192 * 8192;

export function decodeOptionsOf({ size: [height, width], channels, otherSizes }: ImageFolderSource): DecodeOptions {
  return { height, width, channels, otherSizes, maxPixels };
}
