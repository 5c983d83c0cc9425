/** @file Adds a planned network's forward nodes to a graph, for training and for serving alike. */

import { apply, type Tape } from "../graph/autodiff.ts";
import { at, type Spec, type Value } from "../graph/build.ts";
import {
  averagePool,
  batchNorm,
  conv,
  dropout,
  flatten,
  frozenBatchNorm,
  gelu,
  linear,
  maxPool,
  type Op,
  relu,
  sigmoid,
  tanh,
} from "../graph/ops/index.ts";
import { addHead } from "./detector/head.ts";
import { parameterMismatch } from "./errors.ts";
import type { Layer } from "./layers.ts";
import type { NetworkPlan, PlannedLayer } from "./network.ts";

export interface ForwardSources {
  /** A parameter or statistic by its name in the plan. */
  lookUp: (name: string) => Value;
  /**
   * Makes the input for a dropout layer's random bytes, named after the layer. Without it the layers behave as in serving:
   * nothing is dropped, and batch norm uses its running statistics.
   */
  addMask?: (layer: string, spec: Spec) => Value;
}

/** The usual source: values by name. */
export function lookUpIn(values: ReadonlyMap<string, Value>): ForwardSources["lookUp"] {
  return (name) => {
    const value = values.get(name);
    if (value === undefined) throw parameterMismatch({ what: name, seen: "missing", wanted: "a value in the graph" });
    return value;
  };
}

export interface Forward {
  /** [rows, classes], before any softmax; of a detector, its feature map. */
  logits: Value;
  /** Of a detector: `loc` [rows, anchors, 4] and `conf` [rows, anchors, classes], before any softmax. */
  heads?: { loc: Value; conf: Value };
  /** New running statistics by their names in the plan; empty unless training. */
  statistics: Map<string, Value>;
}

/** `image` is [rows, C, H, W], scaled to 0..1. */
export function addForward(tape: Tape, plan: NetworkPlan, image: Value, sources: ForwardSources): Forward {
  const statistics = new Map<string, Value>();
  let value = image;
  for (const planned of orderLayers(plan.layers, tape.training)) {
    const [y, ...renewed] = addLayer(tape, planned, value, sources);
    value = y ?? value;
    for (const [index, statistic] of renewed.entries()) statistics.set(at(planned.statistics, index).name, statistic);
  }
  if (plan.head !== undefined) return { logits: value, heads: addHead(tape, plan.head, value, sources), statistics };
  return { logits: flat(tape, value), statistics };
}

/** The layer's output, and behind it the new statistics where it has any. */
function addLayer(tape: Tape, planned: PlannedLayer, x: Value, sources: ForwardSources): Value[] {
  const { layer, name } = planned;
  const parameters = planned.parameters.map((parameter) => sources.lookUp(parameter.name));
  if (layer.kind === "conv") return apply(tape, conv, [x, ...parameters], layer);
  if (layer.kind === "dense") return apply(tape, linear, [flat(tape, x), ...parameters], null);
  if (layer.kind === "flatten") return [flat(tape, x)];
  if (layer.kind === "maxPool") return apply(tape, maxPool, [x], layer);
  if (layer.kind === "averagePool") return apply(tape, averagePool, [x], layer);
  if (layer.kind === "dropout") {
    if (sources.addMask === undefined || layer.rate === 0) return [x];
    return apply(tape, dropout, [x, sources.addMask(name, { type: "uint8", shape: x.shape })], layer);
  }
  if (layer.kind === "batchNorm") {
    const inputs = [x, ...parameters, ...planned.statistics.map((statistic) => sources.lookUp(statistic.name))];
    return sources.addMask === undefined
      ? apply(tape, frozenBatchNorm, inputs, layer)
      : apply(tape, batchNorm, inputs, layer);
  }
  return apply(tape, activationOf(layer), [x], null);
}

function activationOf({ kind }: Extract<Layer, { kind: "relu" | "gelu" | "sigmoid" | "tanh" }>): Op<null> {
  return { relu, gelu, sigmoid, tanh }[kind];
}

function flat(tape: Tape, x: Value): Value {
  return x.shape.length === 2 ? x : at(apply(tape, flatten, [x], null), 0);
}

/**
 * In training, ReLU goes behind the max pool that follows it: the largest of the rectified is the rectified largest, ties and
 * gradients included, and there are fewer values to rectify. In serving onnxruntime fuses it with the convolution instead.
 */
function orderLayers(layers: readonly PlannedLayer[], training: boolean): PlannedLayer[] {
  const ordered = [...layers];
  if (!training) return ordered;
  for (let i = 0; i + 1 < ordered.length; i++) {
    const [first, second] = [ordered[i], ordered[i + 1]];
    if (first?.layer.kind !== "relu" || second?.layer.kind !== "maxPool") continue;
    ordered.splice(i, 2, second, first);
    i++;
  }
  return ordered;
}
