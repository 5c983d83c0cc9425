import type { Step } from "../step.ts";
import type { Augmentation } from "../types.ts";
import { type Kernels, type Room, within } from "./kernels.ts";
import { type Affine, drawAffine, type ImageShape, unwarped, warp } from "./warp.ts";

export interface FeedOptions {
  pixels: Uint8Array;
  targets: FeedTargets;
  image: ImageShape;
  augment: readonly Augmentation[];
  seed: number;
}

/** What the network is to say of each row. */
export type FeedTargets =
  | { kind: "classes"; classes: Int32Array }
  /**
   * Of a detector: the anchors that are to find a box, with its class (1 and up: 0 is the background) and four numbers of where it is.
   * Those of row i are at `starts[i]` up to `starts[i + 1]`.
   */
  | { kind: "boxes"; starts: Int32Array; anchors: Int32Array; classes: Int32Array; offsets: Float32Array };

/** Puts a shard's rows into the step's input, augmented anew for the epoch. `batch`: those of the whole batch. */
export type Feed = (rows: Int32Array, batch: Int32Array, epoch: number) => void;

export function createFeed(step: Step, options: FeedOptions, kernels: Kernels | undefined, room: Room): Feed {
  const { pixels, targets, image, augment, seed } = options;
  const size = image.height * image.width * image.channels;
  const put = augment.length === 0 ? undefined : createWarp(image, kernels, room);
  const aim = createAim(step, targets);
  return (rows, batch, epoch) => {
    for (const [i, row] of rows.entries()) {
      const source = pixels.subarray(row * size, (row + 1) * size);
      const target = step.input.subarray(i * size, (i + 1) * size);
      if (put === undefined) unwarped(source, target, image);
      else put(source, target, drawAffine(augment, image, seed, epoch, row));
    }
    aim(rows, batch);
  };
}

type Aim = (rows: Int32Array, batch: Int32Array) => void;

function createAim(step: Step, targets: FeedTargets): Aim {
  if (targets.kind === "classes") {
    const { classes } = targets;
    return (rows) => {
      for (const [i, row] of rows.entries()) step.targets[i] = BigInt(classes[row] ?? 0);
    };
  }
  const { starts, anchors, classes, offsets } = targets;
  const places = step.targets.length / step.rows;
  const countMatches = (row: number): number => (starts[row + 1] ?? 0) - (starts[row] ?? 0);
  return (rows, batch) => {
    step.targets.fill(0n);
    step.offsets?.fill(0);
    for (const [i, row] of rows.entries()) {
      for (let at = starts[row] ?? 0; at < (starts[row + 1] ?? 0); at++) {
        const place = i * places + (anchors[at] ?? 0);
        step.targets[place] = BigInt(classes[at] ?? 0);
        step.offsets?.set(offsets.subarray(at * 4, at * 4 + 4), place * 4);
      }
    }
    const matches = batch.reduce((all, row) => all + countMatches(row), 0);
    step.scale?.fill(1 / Math.max(1, matches));
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
