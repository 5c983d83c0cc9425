/** @file A fully connected layer: x [N, K], weights [M, K], bias [M] → x · weightsᵀ + bias, [N, M]. */

import { addNode, at, int } from "../build.ts";
import { addSum } from "./_nodes.ts";
import { inputOf, type Op, sameSize, shapeOf } from "./op.ts";

export const linear: Op<null> = {
  name: "linear",

  infer(inputs) {
    const x = inputOf("linear", inputs, 0);
    const [rows, width] = shapeOf("linear", x, 2);
    const [units, inner] = shapeOf("linear", inputOf("linear", inputs, 1), 2);
    sameSize("linear", "the weights' width", inner, width);
    sameSize("linear", "the bias's size", inputOf("linear", inputs, 2).shape[0], units);
    return [{ type: x.type, shape: [rows ?? 0, units ?? 0] }];
  },

  emit(graph, inputs) {
    const spec = at(linear.infer(inputs, null), 0);
    return { outputs: [addNode(graph, "Gemm", inputs, spec, { attributes: { transB: int(1) } })] };
  },

  gradient(graph, { inputs, gradient, wanted }) {
    const x = inputOf("linear", inputs, 0);
    const weights = inputOf("linear", inputs, 1);
    const bias = inputOf("linear", inputs, 2);
    return [
      wanted[0] ? addNode(graph, "Gemm", [gradient, weights], x) : undefined,
      wanted[1] ? addNode(graph, "Gemm", [gradient, x], weights, { attributes: { transA: int(1) } }) : undefined,
      wanted[2] ? addSum(graph, gradient, [0], bias) : undefined,
    ];
  },
};
