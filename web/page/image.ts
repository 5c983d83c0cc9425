/** @file Between pixels, files and canvases: the part of the page that only a browser can do. */
import { encodePng } from "../ink/png.ts";
import type { ImageInput } from "../model/card.ts";

/** A PNG of RGBA pixels at the model's own size. */
export function toPng(pixels: Uint8ClampedArray, { width, height, channels }: ImageInput): Blob {
  return new Blob([encodePng(pixels, { height, width }, channels)], { type: "image/png" });
}

export interface Prepared {
  /** What is sent. */
  blob: Blob;
  /** RGBA at the model's size and in its colours; undefined where this browser cannot read the file. */
  pixels?: Uint8ClampedArray<ArrayBuffer>;
  /** The file's own size, where it is not the model's. */
  fittedFrom?: { width: number; height: number };
}

/**
 * A file made ready for the model. A JPEG or PNG of the model's size goes as it is, so that the answer is the one `curl` gets.
 * Others are fitted to that size here. What this browser cannot read also goes as it is: the server will say what it is.
 */
export async function prepare(file: Blob, size: ImageInput): Promise<Prepared> {
  const { width, height, channels } = size;
  const image = await decode(file);
  if (image === undefined) return { blob: file };
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  if (channels === 1) context.filter = "grayscale(1)";
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height).data;
  const fits = image.naturalWidth === width && image.naturalHeight === height;
  if (fits && ["image/jpeg", "image/png"].includes(file.type)) return { blob: file, pixels };
  return {
    blob: toPng(pixels, size),
    pixels,
    ...(!fits && { fittedFrom: { width: image.naturalWidth, height: image.naturalHeight } }),
  };
}

async function decode(file: Blob): Promise<HTMLImageElement | undefined> {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return image.naturalWidth > 0 ? image : undefined;
  } catch {
    // Not an image, or not one that this browser reads.
    return undefined;
  } finally {
    URL.revokeObjectURL(url);
  }
}
