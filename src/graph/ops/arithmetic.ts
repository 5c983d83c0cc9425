/** @file Sums and products of two values, broadcast as ONNX does. */

import { addNode, type GraphBuilder, indices, int, type Size, type Spec, type Value } from "../build.ts";
import { addReshape } from "./_nodes.ts";
import { graphShape } from "../errors.ts";
import { inputOf, type Op } from "./op.ts";

export const add = binary("Add", (graph, { gradient, a, b }) => [
  () => sumTo(graph, gradient, a),
  () => sumTo(graph, gradient, b),
]);

export const sub = binary("Sub", (graph, { gradient, a, b }) => [
  () => sumTo(graph, gradient, a),
  () => sumTo(graph, addNode(graph, "Neg", [gradient], gradient), b),
]);

export const mul = binary("Mul", (graph, { gradient, a, b }) => [
  () => sumTo(graph, addNode(graph, "Mul", [gradient, b], gradient), a),
  () => sumTo(graph, addNode(graph, "Mul", [gradient, a], gradient), b),
]);

function binary(
  onnx: string,
  derive: (graph: GraphBuilder, parts: { a: Value; b: Value; gradient: Value }) => (() => Value)[],
): Op<null> {
  const name = onnx.toLowerCase();
  const infer = (inputs: readonly Spec[]): Spec[] => {
    const a = inputOf(name, inputs, 0);
    return [{ type: a.type, shape: broadcast(name, a.shape, inputOf(name, inputs, 1).shape) }];
  };
  return {
    name,
    infer,
    emit: (graph, inputs) => ({ outputs: infer(inputs).map((spec) => addNode(graph, onnx, inputs, spec)) }),
    gradient(graph, { inputs, gradient, wanted }) {
      const parts = derive(graph, { a: inputOf(name, inputs, 0), b: inputOf(name, inputs, 1), gradient });
      return parts.map((part, index) => (wanted[index] ? part() : undefined));
    },
  };
}

/** Undoes broadcasting: sums over the axes that a value did not have, or had with size 1. */
function sumTo(graph: GraphBuilder, gradient: Value, target: Spec): Value {
  const extra = gradient.shape.length - target.shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < extra || target.shape[axis - extra] !== size ? [axis] : [],
  );
  if (axes.length === 0) return gradient;
  const kept = gradient.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const sum = addNode(
    graph,
    "ReduceSum",
    [gradient, indices(graph, axes)],
    { type: gradient.type, shape: kept },
    { attributes: { keepdims: int(1) } },
  );
  if (extra === 0) return sum;
  return addReshape(graph, sum, target.shape);
}

function broadcast(op: string, a: readonly Size[], b: readonly Size[]): Size[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw graphShape({ op, fault: `[${a.join(", ")}] and [${b.join(", ")}] do not broadcast` });
  });
}
