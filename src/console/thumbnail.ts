import { decodeImageAside } from "../pixels/decode.ts";
import { encodePng } from "../pixels/encode-png.ts";
import { orientedSize, readImageHeader } from "../pixels/header.ts";

/** Files up to so many bytes are sent as they are: a page of them is no load. */
const small = 32 * 1024;

/** The picture as a PNG whose longer side has `longest` pixels; undefined where it is small as it is, or cannot be decoded. */
export async function shrink(bytes: Uint8Array, longest: number): Promise<Uint8Array | undefined> {
  if (bytes.length <= small) return undefined;
  try {
    const seen = orientedSize(readImageHeader(bytes));
    const scale = longest / Math.max(seen.width, seen.height);
    if (scale >= 1) return undefined;
    const width = Math.max(1, Math.round(seen.width * scale));
    const height = Math.max(1, Math.round(seen.height * scale));
    return encodePng(
      await decodeImageAside(bytes, { width, height, channels: 3, otherSizes: "resize" }),
      width,
      height,
    );
  } catch {
    // The browser gets the file as it is, and shows what it can of it.
    return undefined;
  }
}
