/** @file The layers and losses of a network, as users write them: plain data made by `conv(32, 3)`, `relu()` and so on. Axes are ONNX's (NCHW). */

import { layerArgument } from "./errors.ts";

type Pair = readonly [height: number, width: number];

export type Layer =
  | { kind: "conv"; filters: number; kernel: Pair; stride: Pair; padding: Pair }
  | { kind: "dense"; units: number }
  | { kind: "relu" }
  | { kind: "gelu" }
  | { kind: "sigmoid" }
  | { kind: "tanh" }
  | { kind: "maxPool"; size: Pair; stride: Pair }
  | { kind: "averagePool"; size: Pair; stride: Pair }
  /** `momentum` is the share of the new batch in the running statistics, as in PyTorch. */
  | { kind: "batchNorm"; momentum: number; epsilon: number }
  /** `rate` is the share that is dropped, a multiple of 1/256 (it is rounded to one). */
  | { kind: "dropout"; rate: number }
  | { kind: "flatten" };

export type Loss = { kind: "crossEntropy" } | { kind: "meanSquaredError" };

/** A detector's: where boxes are and what they are, against so many times as many places of the background. */
export interface MultiboxLoss {
  kind: "multibox";
  negatives: number;
}

export type TrainingLoss = Loss | MultiboxLoss;

type LayerOf<K extends Layer["kind"]> = Extract<Layer, { kind: K }>;

/** One number for both axes, or `[height, width]`. */
type Sizes = number | Pair;

export interface ConvOptions {
  /** Step between windows. Default 1. */
  stride?: Sizes;
  /** Zeros added on either side of each axis. Default 0. */
  padding?: Sizes;
}

/** A convolution with a bias: `conv(32, 3)`, `conv(32, [5, 3], { stride: 2, padding: [2, 1] })`. */
export function conv(filters: number, kernel: Sizes, options: ConvOptions = {}): LayerOf<"conv"> {
  refuseUnknown("conv", options, ["stride", "padding"]);
  return {
    kind: "conv",
    filters: whole("conv", "filters", filters, 1),
    kernel: pair("conv", "kernel", kernel, 1),
    stride: pair("conv", "stride", options.stride ?? 1, 1),
    padding: pair("conv", "padding", options.padding ?? 0, 0),
  };
}

/** A fully connected layer with a bias. An image before it is flattened on the way. */
export function dense(units: number): LayerOf<"dense"> {
  return { kind: "dense", units: whole("dense", "units", units, 1) };
}

export const relu = (): LayerOf<"relu"> => ({ kind: "relu" });
/** The exact form, with the error function. */
export const gelu = (): LayerOf<"gelu"> => ({ kind: "gelu" });
export const sigmoid = (): LayerOf<"sigmoid"> => ({ kind: "sigmoid" });
export const tanh = (): LayerOf<"tanh"> => ({ kind: "tanh" });
export const flatten = (): LayerOf<"flatten"> => ({ kind: "flatten" });

export interface PoolOptions {
  /** Step between windows. Default: the window's size, so that windows do not overlap. */
  stride?: Sizes;
}

/** The largest of each window. Rows and columns that no whole window covers are left out. */
export function maxPool(size: Sizes, options: PoolOptions = {}): LayerOf<"maxPool"> {
  return { kind: "maxPool", ...windows("maxPool", size, options) };
}

/** The mean of each window. */
export function averagePool(size: Sizes, options: PoolOptions = {}): LayerOf<"averagePool"> {
  return { kind: "averagePool", ...windows("averagePool", size, options) };
}

export interface BatchNormOptions {
  /** Share of the new batch in the running statistics, over 0 to 1. Default 0.1. */
  momentum?: number;
  /** Added to the variance. Default 1e-5. */
  epsilon?: number;
}

/** Normalises each channel by its mean and variance over the shard in training, by the running ones in serving; then scales and shifts. */
export function batchNorm(options: BatchNormOptions = {}): LayerOf<"batchNorm"> {
  refuseUnknown("batchNorm", options, ["momentum", "epsilon"]);
  const { momentum = 0.1, epsilon = 1e-5 } = options;
  if (!(momentum > 0 && momentum <= 1)) throw refused("batchNorm", "momentum", momentum, "a number over 0, at most 1");
  if (!(epsilon > 0 && epsilon < 1)) throw refused("batchNorm", "epsilon", epsilon, "a number between 0 and 1");
  return { kind: "batchNorm", momentum, epsilon };
}

/** Drops each value with probability `rate` in training and scales the others up; does nothing in serving. */
export function dropout(rate: number): LayerOf<"dropout"> {
  if (!(rate >= 0 && Math.round(rate * 256) < 256)) throw refused("dropout", "rate", rate, "a share from 0 to 0.996");
  return { kind: "dropout", rate: Math.round(rate * 256) / 256 };
}

/** Softmax and the mean negative log-likelihood of each row's class. */
export const crossEntropy = (): Extract<Loss, { kind: "crossEntropy" }> => ({ kind: "crossEntropy" });
/**
 * The squared difference between the probabilities (the softmax of the network's outputs) and the class as a one-hot row, the
 * mean over rows and classes. It is taken behind the softmax because probabilities are what is served.
 */
export const meanSquaredError = (): Extract<Loss, { kind: "meanSquaredError" }> => ({ kind: "meanSquaredError" });

function windows(layer: string, size: Sizes, options: PoolOptions): { size: Pair; stride: Pair } {
  refuseUnknown(layer, options, ["stride"]);
  const window = pair(layer, "size", size, 1);
  return { size: window, stride: pair(layer, "stride", options.stride ?? window, 1) };
}

function pair(layer: string, argument: string, value: Sizes, least: number): Pair {
  if (!Array.isArray(value)) {
    const both = whole(layer, argument, value as number, least);
    return [both, both];
  }
  if (value.length !== 2) throw refused(layer, argument, value, "one number, or [height, width]");
  return [whole(layer, argument, value[0], least), whole(layer, argument, value[1], least)];
}

function whole(layer: string, argument: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= 65_536) return value;
  throw refused(layer, argument, value, `a whole number from ${least} to 65536`);
}

function refuseUnknown(layer: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      throw refused(layer, key, (options as Record<string, unknown>)[key], `only: ${known.join(", ")}`);
  }
}

function refused(layer: string, argument: string, seen: unknown, wanted: string): Error {
  return layerArgument({
    layer,
    argument,
    seen: typeof seen === "number" ? String(seen) : (JSON.stringify(seen) ?? String(seen)),
    wanted,
  });
}
