/** @file Nodes that several operators' gradients are made of. */

import { addNode, at, type GraphBuilder, indices, int, ints, type Size, type Spec, type Value } from "../build.ts";

/** The same numbers under another shape; of a variable size there may be one. */
export function addReshape(graph: GraphBuilder, x: Value, shape: readonly Size[]): Value {
  const sizes = shape.map((size) => (typeof size === "number" ? size : -1));
  return addNode(graph, "Reshape", [x, indices(graph, sizes)], { type: x.type, shape });
}

export function addTranspose(graph: GraphBuilder, x: Value, axes: readonly number[]): Value {
  const shape = axes.map((axis) => at(x.shape, axis));
  return addNode(graph, "Transpose", [x], { type: x.type, shape }, { attributes: { perm: ints(axes) } });
}

/** Sums over axes, which go; what is left has the shape of `like`. */
export function addSum(graph: GraphBuilder, x: Value, axes: readonly number[], like: Spec): Value {
  return addNode(graph, "ReduceSum", [x, indices(graph, axes)], like, { attributes: { keepdims: int(0) } });
}
