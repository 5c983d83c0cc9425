/** @file Losses. Each gives the sum over the rows at hand divided by `rows`, those of the whole batch, so that shards of a batch add up. */

import { addNode, constant, type GraphBuilder, indices, int, scalar, type Value } from "../build.ts";
import { addSum } from "./_nodes.ts";
import { fixed, inputOf, type Op, sameSize, shapeOf } from "./op.ts";

/** Inputs: logits [N, K] and the class of each row, int64 [N]. Output: the mean negative log-likelihood, a scalar. */
export const softmaxCrossEntropy: Op<{ rows: number }> = {
  name: "softmaxCrossEntropy",
  infer: inferLoss("softmaxCrossEntropy"),
  emit(graph, inputs, { rows }) {
    const logits = inputOf("softmaxCrossEntropy", inputs, 0);
    inferLoss("softmaxCrossEntropy")(inputs);
    const targets = oneHot(graph, inputOf("softmaxCrossEntropy", inputs, 1), logits);
    const logs = addNode(graph, "LogSoftmax", [logits], logits, { attributes: { axis: int(-1) } });
    const hits = addNode(graph, "Mul", [targets, logs], logits);
    return { outputs: [scaledSum(graph, hits, -1 / rows)], saved: [targets, logs] };
  },
  gradient(graph, { inputs, saved: [targets, logs], settings: { rows }, gradient }) {
    const logits = inputOf("softmaxCrossEntropy", inputs, 0);
    if (targets === undefined || logs === undefined) return [];
    const distance = addNode(graph, "Sub", [addNode(graph, "Exp", [logs], logits), targets], logits);
    return [scaled(graph, distance, gradient, 1 / rows), undefined];
  },
};

/**
 * Inputs: probabilities [N, K] and the class of each row, int64 [N]. Output: the squared distance from the class as a one-hot
 * row, the mean over rows and classes (the Brier score over K), a scalar.
 */
export const meanSquaredError: Op<{ rows: number }> = {
  name: "meanSquaredError",
  infer: inferLoss("meanSquaredError"),
  emit(graph, inputs, { rows }) {
    const x = inputOf("meanSquaredError", inputs, 0);
    inferLoss("meanSquaredError")(inputs);
    const targets = oneHot(graph, inputOf("meanSquaredError", inputs, 1), x);
    const distance = addNode(graph, "Sub", [x, targets], x);
    const squares = addNode(graph, "Mul", [distance, distance], x);
    return {
      outputs: [scaledSum(graph, squares, 1 / (rows * fixed("meanSquaredError", x.shape, 1)))],
      saved: [distance],
    };
  },
  gradient(graph, { inputs, saved, settings: { rows }, gradient }) {
    const classes = fixed("meanSquaredError", inputOf("meanSquaredError", inputs, 0).shape, 1);
    return [scaled(graph, inputOf("meanSquaredError", saved, 0), gradient, 2 / (rows * classes)), undefined];
  },
};

/** Over the last axis. */
export const softmax: Op<null> = {
  name: "softmax",
  infer: (inputs) => [inputOf("softmax", inputs, 0)],
  emit(graph, inputs) {
    const x = inputOf("softmax", inputs, 0);
    return { outputs: [addNode(graph, "Softmax", [x], x, { attributes: { axis: int(-1) } })] };
  },
  /** y · (d - Σ d·y) */
  gradient(graph, { inputs, outputs, gradient }) {
    const x = inputOf("softmax", inputs, 0);
    const y = inputOf("softmax", outputs, 0);
    const weighted = addNode(graph, "Mul", [gradient, y], x);
    const sums = { type: x.type, shape: [...x.shape.slice(0, -1), 1] };
    const sum = addNode(graph, "ReduceSum", [weighted, indices(graph, [-1])], sums, {
      attributes: { keepdims: int(1) },
    });
    return [addNode(graph, "Mul", [y, addNode(graph, "Sub", [gradient, sum], x)], x)];
  },
};

function inferLoss(name: string) {
  return (inputs: readonly Pick<Value, "type" | "shape">[]) => {
    const x = inputOf(name, inputs, 0);
    const [rows] = shapeOf(name, x, 2);
    sameSize(name, "the number of targets", inputOf(name, inputs, 1).shape[0], rows);
    return [{ type: x.type, shape: [] }];
  };
}

/** Along a last axis as long as that of `like`. */
export function oneHot(graph: GraphBuilder, targets: Value, like: Value): Value {
  const depth = constant(
    graph,
    "int64",
    [],
    BigInt64Array.of(BigInt(fixed("oneHot", like.shape, like.shape.length - 1))),
  );
  const values = constant(graph, "float32", [2], Float32Array.of(0, 1));
  return addNode(graph, "OneHot", [targets, depth, values], like, { attributes: { axis: int(-1) } });
}

function scaledSum(graph: GraphBuilder, x: Value, factor: number): Value {
  const spec = { type: x.type, shape: [] };
  return addNode(graph, "Mul", [addSum(graph, x, [0, 1], spec), scalar(graph, factor)], spec);
}

function scaled(graph: GraphBuilder, x: Value, gradient: Value, factor: number): Value {
  return addNode(graph, "Mul", [x, addNode(graph, "Mul", [gradient, scalar(graph, factor)], gradient)], x);
}
