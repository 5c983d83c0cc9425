import { createChecker, isText } from "../check.ts";
import type { CocoSource } from "../types.ts";

export interface CocoOptions {
  /** Height and width in pixels that the model sees, for example `[96, 96]`. Images of other sizes are stretched to it; their boxes with them. */
  size: readonly [height: number, width: number];
  /** 1: grey. 3: colour. Images are converted. Default: 3. */
  channels?: 1 | 3;
  /** The JSON file, relative to the folder. Default: `annotations.json`. */
  annotations?: string;
  /** The folder that the `file_name`s in it are relative to, relative to the folder. Default: the folder itself. */
  images?: string;
}

/**
 * A folder of images with boxes in them, as labelling tools export it: `coco("data", { size: [96, 96] })` reads `data/annotations.json`
 * in COCO's format (`images`, `annotations` with `bbox` [x, y, width, height] in pixels, `categories`) and the images it names. Throws
 * `sourceArgument` for an unknown or wrong option.
 */
export function coco(path: string, options: CocoOptions): CocoSource {
  const { check, keys } = createChecker("coco");
  check("path", path, "the name of a folder", isText(path));
  keys(options, ["size", "channels", "annotations", "images"], "{ size: [96, 96] }");
  const { size, channels = 3, annotations = "annotations.json", images = "." } = options;
  check(
    "size",
    size,
    "[height, width] in whole pixels from 1 to 16384",
    Array.isArray(size) && size.length === 2 && size.every(isSide),
  );
  check("channels", channels, "1 (grey) or 3 (colour)", channels === 1 || channels === 3);
  check("annotations", annotations, "a file within the folder", isInside(annotations));
  check("images", images, "a folder within the folder", isInside(images));
  return { kind: "coco", path, annotations, images, size: [size[0], size[1]], channels };
}

function isSide(side: unknown): boolean {
  return Number.isInteger(side) && (side as number) >= 1 && (side as number) <= 16_384;
}

function isInside(path: unknown): boolean {
  return isText(path) && !path.startsWith("/") && !path.includes("\\") && !path.split("/").includes("..");
}
