import type { Step } from "../step.ts";
import type { Augmentation } from "../types.ts";
import { createAim, type Targets } from "./aim.ts";
import { type Kernels, type Room, within } from "./kernels.ts";
import { type Affine, drawAffine, type ImageShape, unwarped, warp } from "./warp.ts";

export interface FeedOptions {
  pixels: Uint8Array;
  targets: Targets;
  image: ImageShape;
  augment: readonly Augmentation[];
  seed: number;
}

/** Puts a shard's rows into the step's input, augmented anew for the epoch. `batch`: those of the whole batch. */
export type Feed = (rows: Int32Array, batch: Int32Array, epoch: number) => void;

export function createFeed(step: Step, options: FeedOptions, kernels: Kernels | undefined, room: Room): Feed {
  const { pixels, targets, image, augment, seed } = options;
  const size = image.height * image.width * image.channels;
  const put = augment.length === 0 ? undefined : createWarp(image, kernels, room);
  const aim = createAim(step, targets, image);
  return (rows, batch, epoch) => {
    const draw = (row: number): Affine => drawAffine(augment, image, seed, epoch, row);
    for (const [i, row] of rows.entries()) {
      const source = pixels.subarray(row * size, (row + 1) * size);
      const target = step.input.subarray(i * size, (i + 1) * size);
      if (put === undefined) unwarped(source, target, image);
      else put(source, target, draw(row));
    }
    aim(rows, batch, put === undefined ? undefined : draw);
  };
}

type Warp = (source: Uint8Array, target: Float32Array, map: Affine) => void;

/** By the kernels, in their memory and then into the step's; in TypeScript where there are none. The same bits. */
function createWarp(image: ImageShape, kernels: Kernels | undefined, room: Room): Warp {
  const { height, width, channels } = image;
  const size = height * width * channels;
  const bytes = room.bytes(size);
  const floats = room.floats(size);
  // The kernel does four pixels of a row at a time.
  if (kernels === undefined || width < 4 || !within(kernels, bytes, floats)) {
    return (source, target, map) => warp(source, target, image, map);
  }
  return (source, target, map) => {
    const inPlace = within(kernels, target);
    bytes.set(source);
    kernels.exports.warp(bytes.byteOffset, (inPlace ? target : floats).byteOffset, height, width, channels, ...map);
    if (!inPlace) target.set(floats);
  };
}
