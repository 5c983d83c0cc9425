/** @file `detector({...})` as users write it: defaults, and every fault named at once. */
import type { AnchorSize } from "../../model/detector/anchors.ts";
import type { Layer } from "../../model/layers.ts";
import { type Check, findFaults, withoutUndefined } from "../arguments.ts";
import { trainerInvalid } from "../errors.ts";
import { adam } from "../optimizers.ts";
import { cosine } from "../schedules.ts";
import { findLayerFaults, loopChecks, madeBy } from "../sequential/define.ts";
import type { Augmentation, DetectorTrainer, Optimizer, Schedule } from "../types.ts";

export interface DetectorOptions {
  /**
   * From the image to a feature map: `[conv(16, 3, { padding: 1 }), relu(), maxPool(2), …]`, without flatten() and dense(). At each
   * place of the map boxes are looked for by a 3×3 convolution that is added to the layers: with three pools of 2, each 8 pixels.
   */
  layers: readonly Layer[];
  /**
   * Sizes in pixels of the boxes that are started from at each place: a number for a square, or [height, width]. Each object should
   * be covered by one of them by half or more. Default: one to six, chosen by the boxes that are trained on.
   */
  anchors?: readonly (number | readonly [height: number, width: number])[];
  /** Default `adam({ rate: 0.001 })`. */
  optimizer?: Optimizer;
  /** How the rate changes over the run. Default `cosine()`. */
  schedule?: Schedule;
  /** Applied in order to every training image of every epoch, and to its boxes: shift(), scale(), flip(). Default none. */
  augment?: readonly Exclude<Augmentation, { kind: "rotate" }>[];
  /** Images a step. Default 16. Never more than there are training rows. */
  batch?: number;
  /** Default 30. */
  epochs?: number;
  /** Of everything drawn: initial weights, order, dropout, split. Default 1. */
  seed?: number;
  /** Share of the images kept for validation. Default 0.2. */
  validation?: number;
  /** Data-parallel worker threads. Default 0: one per core, as far as each gets 8 images of a batch. */
  workers?: number;
  /** `"last"` (default) gives the last epoch's model; `"best"` the one with the best mean average precision. */
  keep?: "last" | "best";
}

/**
 * Trains a single-shot detector (Liu et al. 2016, SSD) on one feature map: what is where, in images with boxes as `coco()` reads them. Its
 * metric is `meanAveragePrecision`, at an overlap of one half.
 */
export function detector(options: DetectorOptions): DetectorTrainer {
  const faults = findFaults(options, checks).map(
    ({ argument, seen, wanted }) => `${argument} is ${seen}, wanted ${wanted}`,
  );
  if (Array.isArray(options?.layers)) faults.push(...findLayerFaults(options.layers));
  if (typeof options === "object" && options !== null && options.layers === undefined)
    faults.push("layers is missing, wanted a list such as [conv(16, 3, { padding: 1 }), relu(), maxPool(2)]");
  if (faults.length > 0) throw trainerInvalid({ maker: "detector", faults });
  return {
    kind: "detector",
    optimizer: adam(),
    schedule: cosine(),
    augment: [],
    batch: 16,
    epochs: 30,
    seed: 1,
    validation: 0.2,
    workers: 0,
    keep: "last",
    ...withoutUndefined(options),
    anchors:
      options.anchors?.map((size): AnchorSize => (typeof size === "number" ? [size, size] : [size[0], size[1]])) ??
      "auto",
  };
}

const anchors: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isSize)
    ? undefined
    : "a list of sides in pixels such as [16, 24, 36], or of [height, width]";

function isSize(value: unknown): boolean {
  const isSide = (side: unknown): boolean => typeof side === "number" && side > 0 && side <= 16_384;
  return isSide(value) || (Array.isArray(value) && value.length === 2 && value.every(isSide));
}

const { layers, optimizer, schedule, batch, epochs, seed, validation, workers, keep } = loopChecks;

const checks: { readonly [K in keyof Required<DetectorOptions>]: Check } = {
  layers,
  anchors,
  optimizer,
  schedule,
  augment: (value) =>
    Array.isArray(value) && value.every((each) => madeBy("", ["shift", "scale", "flip"])(each) === undefined)
      ? undefined
      : "a list of shift(), scale() and flip(); a box that is turned is no box",
  batch,
  epochs,
  seed,
  validation,
  workers,
  keep,
};
