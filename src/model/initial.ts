/** @file Where learning starts: PyTorch's defaults, so that results compare. */

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { product } from "../graph/build.ts";
import type { NetworkPlan, ParameterShape } from "./network.ts";

export interface NamedValues {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/**
 * Weights and biases of conv and dense uniform within ±1/√fan-in (Kaiming with a = √5), batch norm's scale 1 and shift 0.
 * The same seed and layers give the same numbers.
 */
export function createInitialParameters(plan: NetworkPlan, seed: number): NamedValues[] {
  const random = xoroshiro128plus(seed);
  const last = plan.head === undefined ? [] : [plan.head.loc, plan.head.conf];
  return [...plan.layers, ...last].flatMap(({ layer, parameters }) => {
    const weight = parameters[0];
    if (layer.kind === "batchNorm")
      return parameters.map((parameter) => filled(parameter, parameter === weight ? 1 : 0));
    const bound = weight === undefined ? 0 : 1 / Math.sqrt(product(weight.shape.slice(1)));
    return parameters.map((parameter) => {
      const values = filled(parameter, 0);
      for (let i = 0; i < values.data.length; i++) values.data[i] = (2 * uniformFloat64(random) - 1) * bound;
      return values;
    });
  });
}

/** Batch norm's running means (0) and variances (1), one after the other in the plan's order: the layout of `Step.statistics`. */
export function createInitialStatistics(plan: NetworkPlan): Float32Array {
  const values = plan.statistics.map((statistic) => filled(statistic, statistic.name.endsWith(".variance") ? 1 : 0));
  return Float32Array.from(values.flatMap(({ data }) => [...data]));
}

function filled({ name, shape }: ParameterShape, value: number): NamedValues {
  return { name, shape, data: new Float32Array(product(shape)).fill(value) };
}
