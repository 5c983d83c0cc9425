/** @file The file that is served: pixels in, probabilities out, weights inside. */

import { createTape, apply } from "../graph/autodiff.ts";
import {
  addInitializer,
  addInput,
  addNode,
  addOutput,
  at,
  createGraph,
  type GraphBuilder,
  int,
  scalar,
  type Value,
} from "../graph/build.ts";
import { reshape, softmax, transpose } from "../graph/ops/index.ts";
import { modelUnservable, parameterMismatch } from "./errors.ts";
import { addForward, lookUpIn } from "./forward.ts";
import { createInitialStatistics, type NamedValues } from "./initial.ts";
import type { Layer, Loss } from "./layers.ts";
import { type NetworkInput, type NetworkPlan, planNetwork } from "./network.ts";
import { findParameter } from "./parameters.ts";
import { describeProbabilities, type Served, writeServed } from "./served.ts";
import type { Content, Signature } from "./signature.ts";

export interface ExportOptions {
  layers: readonly Layer[];
  /** Either loss serves the softmax of the network's output: it is what both are defined on. */
  loss: Loss;
  input: NetworkInput;
  /** Names of the classes, in the order of the network's outputs. */
  labels: readonly string[];
  parameters: readonly NamedValues[];
  /** As `Step.statistics`. Needed where there is a batch norm. */
  statistics?: Float32Array;
}

/**
 * An ONNX file that takes `image`, uint8 [batch, height, width, channels] of 0..255, and gives `probabilities`, float32 [batch, labels].
 * Its signature travels in its metadata. The same parameters give the same bytes.
 */
export function exportModel(options: ExportOptions): Served {
  const { layers, input, labels } = options;
  const content = requirePicture(input);
  const plan = planNetwork({ layers, input, classes: labels.length });
  const signature: Signature = {
    inputs: [
      {
        name: "image",
        datatype: "UINT8",
        shape: [-1, input.height, input.width, input.channels],
        content,
      },
    ],
    outputs: [describeProbabilities(labels)],
  };
  const graph = createGraph("network");
  const tape = createTape(graph, { training: false });
  const weights = addWeights(graph, plan, options);
  const image = addInput(graph, "image", "uint8", ["batch", input.height, input.width, input.channels]);
  const { logits } = addForward(tape, plan, toPlanes(graph, image, input), {
    lookUp: lookUpIn(weights),
  });
  addOutput(graph, "probabilities", at(apply(tape, softmax, [logits], null), 0));
  return writeServed(graph, signature);
}

/** What the input is to a person; refuses what is no picture. */
export function requirePicture({ channels, height, width }: NetworkInput): Extract<Content, { kind: "image" }> {
  if (channels === 1 || channels === 3) return { kind: "image", height, width, channels };
  throw modelUnservable({
    what: "the network",
    fault: `its input has ${channels} channels, wanted 1 (grey) or 3 (colour)`,
  });
}

/** Pixels 0..255 of [N, H, W, C] to 0..1 of [N, C, H, W]. */
export function toPlanes(graph: GraphBuilder, image: Value, { channels, height, width }: NetworkInput): Value {
  const tape = createTape(graph, { training: false });
  const cast = addNode(graph, "Cast", [image], { type: "float32", shape: image.shape }, { attributes: { to: int(1) } });
  const scaled = addNode(graph, "Mul", [cast, scalar(graph, 1 / 255)], cast);
  const planes =
    channels === 1
      ? apply(tape, reshape, [scaled], { shape: ["batch", 1, height, width] })
      : apply(tape, transpose, [scaled], { axes: [0, 3, 1, 2] });
  return at(planes, 0);
}

/** The learned parameters and the running statistics, by their names in the plan. */
export function addWeights(
  graph: GraphBuilder,
  plan: NetworkPlan,
  { parameters, statistics }: Pick<ExportOptions, "parameters" | "statistics">,
): Map<string, Value> {
  const learned = plan.parameters.map((wanted) => findParameter(wanted, parameters));
  const running = splitStatistics(plan, statistics ?? createInitialStatistics(plan));
  return new Map(
    [...learned, ...running].map(({ name, shape, data }) => [
      name,
      addInitializer(graph, name, "float32", shape, data),
    ]),
  );
}

/** The flat statistics, by the plan's names. */
function splitStatistics(plan: NetworkPlan, flat: Float32Array): NamedValues[] {
  let offset = 0;
  const parts = plan.statistics.map(({ name, shape }) => {
    const length = shape[0] ?? 0;
    offset += length;
    return { name, shape, data: flat.slice(offset - length, offset) };
  });
  if (flat.length !== offset)
    throw parameterMismatch({ what: "the statistics", seen: `${flat.length} values`, wanted: `${offset}` });
  return parts;
}
