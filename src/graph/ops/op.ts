/** @file What an operator is: its shapes, its nodes and its gradient in one object, so that a new one is one new file. */

import { graphShape } from "../errors.ts";
import type { GraphBuilder, Size, Spec, Value } from "../build.ts";

export interface Op<Settings> {
  readonly name: string;
  /** What comes out, from what goes in; refuses what does not fit. */
  infer(inputs: readonly Spec[], settings: Settings): Spec[];
  /** Adds the forward nodes. `training` asks for what the gradient needs besides; it comes back in `saved`. */
  emit(graph: GraphBuilder, inputs: readonly Value[], settings: Settings, training: boolean): Emitted;
  /** Adds the backward nodes: one gradient for each input that is `wanted`, in their order. */
  gradient(graph: GraphBuilder, context: GradientContext<Settings>): (Value | undefined)[];
}

export interface Emitted {
  outputs: Value[];
  saved?: readonly Value[];
}

export interface GradientContext<Settings> {
  inputs: readonly Value[];
  outputs: readonly Value[];
  saved: readonly Value[];
  settings: Settings;
  /** Gradient of the first output. No other output here is differentiated. */
  gradient: Value;
  wanted: readonly boolean[];
}

/** The input at a place; refuses when it is not there. */
export function inputOf<T extends Spec>(op: string, inputs: readonly T[], index: number): T {
  const input = inputs[index];
  if (input === undefined) throw graphShape({ op, fault: `${inputs.length} inputs, wanted ${index + 1} or more` });
  return input;
}

/** Refuses a shape of another rank. */
export function shapeOf(op: string, value: Spec, rank: number): readonly Size[] {
  if (value.shape.length !== rank) {
    throw graphShape({ op, fault: `a value of shape [${value.shape.join(", ")}], wanted ${rank} axes` });
  }
  return value.shape;
}

/** Refuses two sizes that must be one. */
export function sameSize(op: string, what: string, seen: Size | undefined, wanted: Size | undefined): void {
  if (seen !== wanted) throw graphShape({ op, fault: `${what} is ${seen}, wanted ${wanted}` });
}

/** A fixed size at a place of a shape. */
export function fixed(op: string, shape: readonly Size[], index: number): number {
  const size = shape[index];
  if (typeof size !== "number") throw graphShape({ op, fault: `axis ${index} of [${shape.join(", ")}] must be fixed` });
  return size;
}
