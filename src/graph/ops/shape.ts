/** @file Changes of shape that move no numbers, or only reorder them. */

import { at, type Size } from "../build.ts";
import { addReshape, addTranspose } from "./_nodes.ts";
import { graphShape } from "../errors.ts";
import { fixed, inputOf, type Op } from "./op.ts";

/** The same numbers under another shape. One size may be variable if it is the same one before. */
export const reshape: Op<{ shape: readonly Size[] }> = {
  name: "reshape",
  infer(inputs, { shape }) {
    const x = inputOf("reshape", inputs, 0);
    if (!sameCount(x.shape, shape))
      throw graphShape({ op: "reshape", fault: `[${x.shape.join(", ")}] does not make [${shape.join(", ")}]` });
    return [{ type: x.type, shape }];
  },
  emit(graph, inputs, settings) {
    reshape.infer(inputs, settings);
    return { outputs: [addReshape(graph, inputOf("reshape", inputs, 0), settings.shape)] };
  },
  gradient: (graph, { inputs, gradient }) => [addReshape(graph, gradient, inputOf("reshape", inputs, 0).shape)],
};

/** [N, C, H, W] → [N, C·H·W]. */
export const flatten: Op<null> = {
  name: "flatten",
  infer(inputs) {
    const { type, shape } = inputOf("flatten", inputs, 0);
    const width = shape.slice(1).reduce<number>((all, _, axis) => all * fixed("flatten", shape, axis + 1), 1);
    return [{ type, shape: [at(shape, 0), width] }];
  },
  emit: (graph, inputs) => ({
    outputs: [addReshape(graph, inputOf("flatten", inputs, 0), at(flatten.infer(inputs, null), 0).shape)],
  }),
  gradient: (graph, { inputs, gradient }) => [addReshape(graph, gradient, inputOf("flatten", inputs, 0).shape)],
};

export const transpose: Op<{ axes: readonly number[] }> = {
  name: "transpose",
  infer(inputs, { axes }) {
    const { type, shape } = inputOf("transpose", inputs, 0);
    if (axes.toSorted((a, b) => a - b).join() !== shape.map((_, axis) => axis).join()) {
      throw graphShape({ op: "transpose", fault: `axes ${axes.join(", ")} for [${shape.join(", ")}]` });
    }
    return [{ type, shape: axes.map((axis) => at(shape, axis)) }];
  },
  emit(graph, inputs, settings) {
    transpose.infer(inputs, settings);
    return { outputs: [addTranspose(graph, inputOf("transpose", inputs, 0), settings.axes)] };
  },
  gradient(graph, { settings: { axes }, gradient }) {
    const back = axes.map((_, axis) => axes.indexOf(axis));
    return [addTranspose(graph, gradient, back)];
  },
};

function sameCount(before: readonly Size[], after: readonly Size[]): boolean {
  const count = (shape: readonly Size[]): number =>
    shape.reduce<number>((all, size) => (typeof size === "number" ? all * size : all), 1);
  const names = (shape: readonly Size[]): string =>
    shape
      .filter((size) => typeof size === "string")
      .toSorted()
      .join();
  return count(before) === count(after) && names(before) === names(after) && names(after).split(",").length < 2;
}
