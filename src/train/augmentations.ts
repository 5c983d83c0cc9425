/** @file Augmentations as users write them: drawn anew for every image of every epoch, from (seed, epoch, row) alone. */
import { checkArgument, number } from "./arguments.ts";
import type { Augmentation } from "./types.ts";

type Of<K extends Augmentation["kind"]> = Extract<Augmentation, { kind: K }>;

/** Moves each image by up to `pixels` either way along each axis. What comes in from outside repeats the edge. */
export function shift(pixels: number): Of<"shift"> {
  checkArgument(
    "shift",
    "pixels",
    pixels,
    number("a number over 0, at most 1000", (value) => value > 0 && value <= 1000),
  );
  return { kind: "shift", pixels };
}

/** Turns each image round its centre by up to `degrees` either way. */
export function rotate(degrees: number): Of<"rotate"> {
  checkArgument(
    "rotate",
    "degrees",
    degrees,
    number("a number over 0, at most 180", (value) => value > 0 && value <= 180),
  );
  return { kind: "rotate", degrees };
}

/** Mirrors every other image, left and right. Not for what is another thing then, such as letters. */
export const flip = (): Of<"flip"> => ({ kind: "flip" });

/** Scales each image by a factor from 1 - `share` to 1 + `share`. */
export function scale(share: number): Of<"scale"> {
  checkArgument(
    "scale",
    "share",
    share,
    number("a number between 0 and 1", (value) => value > 0 && value < 1),
  );
  return { kind: "scale", share };
}
