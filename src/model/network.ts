/** @file From layers to shapes, parameters and the forward graph. Everything else about a network is derived from its plan. */

import { type Size, type Spec } from "../graph/build.ts";
import { averagePool, conv, flatten, linear, maxPool } from "../graph/ops/index.ts";
import { at, product } from "../graph/build.ts";
import { findSlipwayError } from "../base/errors.ts";
import type { AnchorSize } from "./detector/anchors.ts";
import { type HeadPlan, planHead } from "./detector/head.ts";
import { networkOutput, networkShape } from "./errors.ts";
import type { Layer } from "./layers.ts";

export interface NetworkInput {
  channels: number;
  height: number;
  width: number;
}

export interface ParameterShape {
  /** `conv1.weight`, `dense2.bias`: the layer's kind, its number among its kind, the part. */
  name: string;
  shape: readonly number[];
}

export interface PlannedLayer {
  layer: Layer;
  /** `conv1`, `maxPool2`: kind and number among its kind. */
  name: string;
  /** Shapes of one row, without the batch: [C, H, W] or [K]. */
  input: readonly number[];
  output: readonly number[];
  /** Learned. */
  parameters: readonly ParameterShape[];
  /** Not learned: batch norm's running mean and variance. */
  statistics: readonly ParameterShape[];
}

export interface NetworkPlan {
  input: NetworkInput;
  classes: number;
  layers: readonly PlannedLayer[];
  /** Of a detector, behind the layers. */
  head?: HeadPlan;
  /** Of all layers and the head. */
  parameters: readonly ParameterShape[];
  statistics: readonly ParameterShape[];
}

export interface NetworkOptions {
  layers: readonly Layer[];
  input: NetworkInput;
  /** Without a detector's background. */
  classes: number;
  /** Makes it a detector: the layers give a feature map, and a head behind them tells of boxes of these sizes at each place. */
  anchors?: readonly AnchorSize[];
}

/**
 * Follows the shapes through the layers and lists the parameters. Refuses a layer that does not fit what comes before it,
 * and a network that does not end in one number for each class, or in a feature map where it is a detector.
 */
export function planNetwork(network: NetworkOptions): NetworkPlan {
  const counts = new Map<string, number>();
  const layers: PlannedLayer[] = [];
  let shape: readonly number[] = [network.input.channels, network.input.height, network.input.width];
  for (const layer of network.layers) {
    const count = (counts.get(layer.kind) ?? 0) + 1;
    counts.set(layer.kind, count);
    const planned = planLayer(layer, `${layer.kind}${count}`, shape);
    layers.push(planned);
    shape = planned.output;
  }
  const { input, classes, anchors } = network;
  const head = anchors === undefined ? undefined : planHead(anchors, { map: shape, input, classes });
  if (head === undefined && product(shape) !== classes) throw networkOutput({ seen: shape, classes });
  const last = head === undefined ? [] : [head.loc, head.conf];
  return {
    input,
    classes,
    layers,
    ...(head !== undefined && { head }),
    parameters: [...layers, ...last].flatMap(({ parameters }) => parameters),
    statistics: layers.flatMap(({ statistics }) => statistics),
  };
}

function planLayer(layer: Layer, name: string, input: readonly number[]): PlannedLayer {
  const plain = { layer, name, input, output: input, parameters: [], statistics: [] };
  if (layer.kind === "conv") {
    const weight = [layer.filters, input[0] ?? 0, ...layer.kernel];
    const parameters = [
      { name: `${name}.weight`, shape: weight },
      { name: `${name}.bias`, shape: [layer.filters] },
    ];
    return {
      ...plain,
      parameters,
      output: rowShape(name, input, (row) => conv.infer([row, spec(weight), spec([layer.filters])], layer)),
    };
  }
  if (layer.kind === "dense") {
    const weight = [layer.units, product(input)];
    const parameters = [
      { name: `${name}.weight`, shape: weight },
      { name: `${name}.bias`, shape: [layer.units] },
    ];
    return {
      ...plain,
      parameters,
      output: rowShape(name, [product(input)], (row) => linear.infer([row, spec(weight), spec([layer.units])], null)),
    };
  }
  if (layer.kind === "maxPool")
    return { ...plain, output: rowShape(name, input, (row) => maxPool.infer([row], layer)) };
  if (layer.kind === "averagePool")
    return { ...plain, output: rowShape(name, input, (row) => averagePool.infer([row], layer)) };
  if (layer.kind === "flatten") return { ...plain, output: rowShape(name, input, (row) => flatten.infer([row], null)) };
  if (layer.kind === "batchNorm") {
    const shape = [input[0] ?? 0];
    const named = (part: string): ParameterShape => ({ name: `${name}.${part}`, shape });
    return { ...plain, parameters: ["scale", "shift"].map(named), statistics: ["mean", "variance"].map(named) };
  }
  return plain;
}

const spec = (shape: readonly Size[]): Spec => ({ type: "float32", shape });

/** The output's shape of one row, from an operator's own rule. */
function rowShape(layer: string, input: readonly number[], infer: (row: Spec) => Spec[]): number[] {
  try {
    return at(infer(spec(["rows", ...input])), 0)
      .shape.slice(1)
      .map(Number);
  } catch (error) {
    throw networkShape({ layer, input, fault: findSlipwayError(error)?.message ?? String(error) }, { cause: error });
  }
}
