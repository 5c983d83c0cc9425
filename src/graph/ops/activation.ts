/** @file Functions of one value at a time. Each keeps what its derivative is cheapest made from. */

import { addNode, type GraphBuilder, int, scalar, type Value } from "../build.ts";
import { inputOf, type Op } from "./op.ts";

interface Derivation {
  emit(graph: GraphBuilder, x: Value, training: boolean): { y: Value; saved?: readonly Value[] };
  /** The gradient of x from that of y. */
  gradient(graph: GraphBuilder, parts: { x: Value; y: Value; saved: readonly Value[]; gradient: Value }): Value;
}

export const relu = elementwise("relu", {
  emit: (graph, x) => ({ y: addNode(graph, "Relu", [x], x) }),
  gradient(graph, { y, gradient }) {
    const open = addNode(graph, "Greater", [y, scalar(graph, 0)], { type: "bool", shape: y.shape });
    const mask = addNode(graph, "Cast", [open], y, { attributes: { to: int(1) } });
    return addNode(graph, "Mul", [gradient, mask], y);
  },
});

export const sigmoid = elementwise("sigmoid", {
  emit: (graph, x) => ({ y: addNode(graph, "Sigmoid", [x], x) }),
  gradient(graph, { y, gradient }) {
    const slope = addNode(graph, "Mul", [y, addNode(graph, "Sub", [scalar(graph, 1), y], y)], y);
    return addNode(graph, "Mul", [gradient, slope], y);
  },
});

export const tanh = elementwise("tanh", {
  emit: (graph, x) => ({ y: addNode(graph, "Tanh", [x], x) }),
  gradient(graph, { y, gradient }) {
    const slope = addNode(graph, "Sub", [scalar(graph, 1), addNode(graph, "Mul", [y, y], y)], y);
    return addNode(graph, "Mul", [gradient, slope], y);
  },
});

/** x·Φ(x) with the normal distribution's Φ exact: ½(1 + erf(x/√2)). onnxruntime fuses the five nodes in serving. */
export const gelu = elementwise("gelu", {
  emit(graph, x) {
    const error = addNode(graph, "Erf", [addNode(graph, "Div", [x, scalar(graph, Math.SQRT2)], x)], x);
    const twice = addNode(graph, "Add", [error, scalar(graph, 1)], x);
    const y = addNode(graph, "Mul", [addNode(graph, "Mul", [x, twice], x), scalar(graph, 0.5)], x);
    return { y, saved: [twice] };
  },
  gradient(graph, { x, saved: [twice = x], gradient }) {
    // d/dx x·Φ(x) = Φ(x) + x·φ(x)
    const square = addNode(graph, "Mul", [x, x], x);
    const bell = addNode(graph, "Exp", [addNode(graph, "Mul", [square, scalar(graph, -0.5)], x)], x);
    const density = addNode(graph, "Mul", [bell, scalar(graph, 1 / Math.sqrt(2 * Math.PI))], x);
    const share = addNode(graph, "Mul", [twice, scalar(graph, 0.5)], x);
    const slope = addNode(graph, "Add", [share, addNode(graph, "Mul", [x, density], x)], x);
    return addNode(graph, "Mul", [gradient, slope], x);
  },
});

function elementwise(name: string, derivation: Derivation): Op<null> {
  return {
    name,
    infer: (inputs) => [inputOf(name, inputs, 0)],
    emit(graph, inputs, _settings, training) {
      const { y, saved = [] } = derivation.emit(graph, inputOf(name, inputs, 0), training);
      return { outputs: [y], saved };
    },
    gradient: (graph, { inputs, outputs, saved, gradient }) => [
      derivation.gradient(graph, { x: inputOf(name, inputs, 0), y: inputOf(name, outputs, 0), saved, gradient }),
    ],
  };
}
