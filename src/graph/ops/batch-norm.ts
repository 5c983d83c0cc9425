/** @file Batch normalisation of x [N, C, …] over all axes but the channels, then a scale and a shift for each channel. */

import {
  addNode,
  at,
  float,
  type GraphBuilder,
  int,
  ints,
  product,
  scalar,
  type Size,
  sizesOf,
  type Spec,
  type Value,
} from "../build.ts";
import { addReshape, addSum } from "./_nodes.ts";
import { inputOf, type Op, sameSize } from "./op.ts";

export interface BatchNormSettings {
  epsilon: number;
  /** Share of this batch in the new running statistics. */
  momentum: number;
}

/**
 * Normalises by the batch's own mean and variance. Inputs: x, scale [C], shift [C], running mean [C], running variance [C].
 * Outputs: y, and the new running mean and variance (the unbiased one, as PyTorch keeps it).
 */
export const batchNorm: Op<BatchNormSettings> = {
  name: "batchNorm",

  infer(inputs) {
    const [mean, variance] = [inputOf("batchNorm", inputs, 3), inputOf("batchNorm", inputs, 4)];
    return [inferNormalised(inputs), mean, variance];
  },

  emit(graph, inputs, { epsilon, momentum }) {
    batchNorm.infer(inputs, { epsilon, momentum });
    const { x, scale, shift, mean: runningMean, variance: runningVariance } = partsOf(inputs);
    const statistics: Spec = { type: x.type, shape: channelShape(x) };
    const reduce = { attributes: { axes: ints(otherAxes(x)), keepdims: int(1) } };
    const mean = addNode(graph, "ReduceMean", [x], statistics, reduce);
    const centred = addNode(graph, "Sub", [x, mean], x);
    const variance = addNode(graph, "ReduceMean", [addNode(graph, "Mul", [centred, centred], x)], statistics, reduce);
    const inverse = inverseDeviation(graph, variance, epsilon);
    const normal = addNode(graph, "Mul", [centred, inverse], x);
    const count = countOf(x);
    // One value alone has no unbiased variance; its biased one, zero, does the least harm.
    const unbiased = count > 1 ? count / (count - 1) : 1;
    return {
      outputs: [
        scaleAndShift(graph, normal, scale, shift),
        blend(graph, runningMean, mean, { momentum, factor: 1 }),
        blend(graph, runningVariance, variance, { momentum, factor: unbiased }),
      ],
      saved: [normal, inverse],
    };
  },

  /** d/dx = scale/σ · (d - mean(d) - x̂·mean(d·x̂)); the shift's gradient is Σd, the scale's Σ d·x̂. */
  gradient(graph, { inputs, saved, gradient, wanted }) {
    const { x, scale } = partsOf(inputs);
    const [normal, inverse] = [inputOf("batchNorm", saved, 0), inputOf("batchNorm", saved, 1)];
    const ofShift = sumOverChannels(graph, gradient, scale);
    const ofScale = sumOverChannels(graph, addNode(graph, "Mul", [gradient, normal], x), scale);
    if (!wanted[0]) return [undefined, ofScale, ofShift];
    const share = scalar(graph, 1 / countOf(x));
    const mean = (sum: Value): Value => alongChannels(graph, addNode(graph, "Mul", [sum, share], scale), x);
    const slope = addNode(graph, "Mul", [normal, mean(ofScale)], x);
    const rest = addNode(graph, "Sub", [addNode(graph, "Sub", [gradient, mean(ofShift)], x), slope], x);
    const factor = addNode(graph, "Mul", [alongChannels(graph, scale, x), inverse], inverse);
    return [addNode(graph, "Mul", [rest, factor], x), ofScale, ofShift];
  },
};

/** Normalises by the running statistics, as served. Inputs as `batchNorm`; output: y. */
export const frozenBatchNorm: Op<{ epsilon: number }> = {
  name: "frozenBatchNorm",
  infer: (inputs) => [inferNormalised(inputs)],

  emit(graph, inputs, { epsilon }, training) {
    const { x, scale, shift, mean, variance } = partsOf(inputs);
    const spec = inferNormalised(inputs);
    if (!training) {
      return {
        outputs: [addNode(graph, "BatchNormalization", inputs, spec, { attributes: { epsilon: float(epsilon) } })],
      };
    }
    const centred = addNode(graph, "Sub", [x, alongChannels(graph, mean, x)], x);
    const inverse = inverseDeviation(graph, alongChannels(graph, variance, x), epsilon);
    const normal = addNode(graph, "Mul", [centred, inverse], x);
    return { outputs: [scaleAndShift(graph, normal, scale, shift)], saved: [normal, inverse] };
  },

  gradient(graph, { inputs, saved, gradient }) {
    const { x, scale } = partsOf(inputs);
    const [normal, inverse] = [inputOf("frozenBatchNorm", saved, 0), inputOf("frozenBatchNorm", saved, 1)];
    const factor = addNode(graph, "Mul", [alongChannels(graph, scale, x), inverse], inverse);
    return [
      addNode(graph, "Mul", [gradient, factor], x),
      sumOverChannels(graph, addNode(graph, "Mul", [gradient, normal], x), scale),
      sumOverChannels(graph, gradient, scale),
    ];
  },
};

function inferNormalised(inputs: readonly Spec[]): Spec {
  const x = inputOf("batchNorm", inputs, 0);
  for (const [index, name] of ["scale", "shift", "running mean", "running variance"].entries()) {
    sameSize(
      "batchNorm",
      `the ${name}'s size`,
      inputOf("batchNorm", inputs, index + 1).shape.join(),
      String(x.shape[1]),
    );
  }
  return x;
}

function partsOf(inputs: readonly Value[]): Record<"x" | "scale" | "shift" | "mean" | "variance", Value> {
  const part = (index: number): Value => inputOf("batchNorm", inputs, index);
  return { x: part(0), scale: part(1), shift: part(2), mean: part(3), variance: part(4) };
}

function inverseDeviation(graph: GraphBuilder, variance: Value, epsilon: number): Value {
  const raised = addNode(graph, "Add", [variance, scalar(graph, epsilon)], variance);
  return addNode(graph, "Reciprocal", [addNode(graph, "Sqrt", [raised], variance)], variance);
}

function scaleAndShift(graph: GraphBuilder, normal: Value, scale: Value, shift: Value): Value {
  const scaled = addNode(graph, "Mul", [normal, alongChannels(graph, scale, normal)], normal);
  return addNode(graph, "Add", [scaled, alongChannels(graph, shift, normal)], normal);
}

/** (1 - momentum)·running + momentum·factor·seen */
function blend(
  graph: GraphBuilder,
  running: Value,
  seen: Value,
  { momentum, factor }: { momentum: number; factor: number },
): Value {
  const flat = addReshape(graph, seen, running.shape);
  const part = addNode(graph, "Mul", [flat, scalar(graph, momentum * factor)], running);
  return addNode(graph, "Add", [addNode(graph, "Mul", [running, scalar(graph, 1 - momentum)], running), part], running);
}

function sumOverChannels(graph: GraphBuilder, value: Value, like: Value): Value {
  return addSum(graph, value, otherAxes(value), like);
}

function alongChannels(graph: GraphBuilder, value: Value, x: Spec): Value {
  return addReshape(graph, value, channelShape(x));
}

/** [1, C, 1, 1] for [N, C, H, W]. */
function channelShape(x: Spec): Size[] {
  return x.shape.map((size, axis) => (axis === 1 ? size : 1));
}

function otherAxes(x: Spec): number[] {
  return x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
}

/** Values of each channel. */
function countOf(x: Spec): number {
  const sizes = sizesOf("batchNorm", x);
  return product(sizes) / at(sizes, 1);
}
