/** @file The seam between the training loop and whatever computes gradients: the plain ONNX graph, or the fast path. */

import type { AnchorSize } from "../model/detector/anchors.ts";
import type { Layer, TrainingLoss } from "../model/layers.ts";

/** A named parameter in ONNX's own layout: conv weights [M, C, kH, kW], dense weights [out, in], biases [n]. */
export interface NamedParameter {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/**
 * Gradients of one shard of a batch on one thread. The flat arrays are in the step's own layout and live as long as the step;
 * every optimizer here works element by element, so the loop never needs to know that layout.
 */
export interface Step {
  /** Rows of the shard. */
  readonly rows: number;
  /** Flat parameters. The length is a multiple of 16; padding stays zero. */
  readonly parameters: Float32Array;
  /** Flat gradients of the loss *divided by the whole batch's rows*, so that shards just add up. Same layout as `parameters`. */
  readonly gradients: Float32Array;
  /** The optimizer's own `StepOptions.scratch` floats, zero at first. */
  readonly scratch: Float32Array;
  /**
   * The memory those three arrays lie in, each 64-byte aligned, so that the optimizer's kernels work on them in place; missing
   * where they are plain arrays. Its first 64 KiB are left to the kernels that import it.
   */
  readonly memory?: WebAssembly.Memory;
  /** State that is not learned (batch norm's running mean and variance), flat; shards are averaged by the loop. May be empty. */
  readonly statistics: Float32Array;
  /** rows × channels × height × width, as the network sees it (already scaled to 0..1). */
  readonly input: Float32Array;
  /** Class of each row; of a detector, of each row's anchors. */
  readonly targets: BigInt64Array;
  /** Of a detector: four numbers for each anchor of each row, and one over the matched anchors of the whole batch. See `multiboxLoss`. */
  readonly offsets?: Float32Array;
  readonly scale?: Float32Array;
  /** Fills `gradients` and returns this shard's part of the batch's mean loss. `seed` draws the dropout masks; with `train: false` nothing is dropped. */
  run(options: { seed: number; train: boolean }): Promise<number>;
  /** Copies from and to ONNX's layout: what initialises, is checkpointed and exported. */
  load(parameters: readonly NamedParameter[]): void;
  save(): NamedParameter[];
  release(): Promise<void>;
}

export interface StepOptions {
  layers: readonly Layer[];
  loss: TrainingLoss;
  input: { channels: number; height: number; width: number };
  /** Without a detector's background. */
  classes: number;
  /** Makes it a detector; see `planNetwork`. */
  anchors?: readonly AnchorSize[];
  /** Rows of this shard, and of the whole batch (the gradient's divisor). */
  rows: number;
  batch: number;
  /** Memory for the optimizer that sits beside the parameters, in floats: kernels work on one WASM memory. */
  scratch: number;
}
