import type { DecodeOptions } from "../pixels/decode.ts";
import type { ImageFolderSource } from "./types.ts";

/** How the files of a source become pixels. */
export type Decoding = Pick<ImageFolderSource, "size" | "channels" | "otherSizes">;

/** Files of a dataset are the owner's own, so larger photographs are decoded than a server takes from strangers: 67 megapixels. */
const maxPixels = 8192 * 8192;

export function decodeOptionsOf({ size: [height, width], channels, otherSizes }: Decoding): DecodeOptions {
  return { height, width, channels, otherSizes, maxPixels };
}
