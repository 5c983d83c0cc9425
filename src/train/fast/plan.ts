/** @file Which layers of a network the fast step takes, and how. Pure: no memory, no session. */

import { product } from "../../graph/build.ts";
import type { Layer } from "../../model/layers.ts";
import { type NetworkInput, type NetworkPlan, type PlannedLayer, planNetwork } from "../../model/network.ts";

/** Size of one row's values. `padded` is `channels` rounded up to a multiple of 4, as they lie in memory. */
export interface Image {
  channels: number;
  padded: number;
  height: number;
  width: number;
}

type LayerOf<K extends Layer["kind"]> = Extract<Layer, { kind: K }>;

interface Common {
  /** Layers that it covers, by name. */
  layers: readonly string[];
  input: Image;
  output: Image;
  /** Its input is taken through ReLU on the way in: no pass of its own. */
  rectify: boolean;
}

/** A 2×2 max pool, then ReLU where `rectify`, then dropout: one pass with what comes before. */
export interface Finish {
  rectify: boolean;
  rate: number;
}

export type SegmentPlan = Common &
  (
    | { kind: "winograd"; convolution: PlannedLayer; layer: LayerOf<"conv">; finish?: Finish }
    /** `planes`: the network's own NCHW input; `pixels`: what another segment made. */
    | { kind: "patches"; convolution: PlannedLayer; layer: LayerOf<"conv">; from: "planes" | "pixels" }
    | { kind: "pool2"; finish: Finish }
    | { kind: "maxPool" | "averagePool"; size: readonly [number, number]; stride: readonly [number, number] }
    | { kind: "batchNorm"; norm: PlannedLayer; layer: LayerOf<"batchNorm"> }
    | { kind: "dropout"; rate: number }
    | { kind: "activation"; activation: "gelu" | "sigmoid" | "tanh" }
    /** NCHW to NHWC, where the network does not begin with a convolution of few channels. */
    | { kind: "transpose" }
  );

/** What is left for the ONNX graph: from the first fully connected layer to the loss. */
export interface HeadPlan {
  layers: readonly PlannedLayer[];
  input: Image;
  /** `pixels`: the first dense layer's weights are kept in the order of NHWC, and nothing is moved at run time. */
  order: "pixels" | "planes";
}

export interface FastPlan {
  network: NetworkPlan;
  segments: readonly SegmentPlan[];
  head: HeadPlan;
}

/**
 * Cuts a network into the segments of the fast step and the ONNX graph's part. Undefined where there is no convolution, and so
 * nothing to gain. Refuses layers that do not fit together, as `planNetwork` does.
 */
export function planFastStep(network: {
  layers: readonly Layer[];
  input: NetworkInput;
  classes: number;
}): FastPlan | undefined {
  const plan = planNetwork(network);
  const end = plan.layers.findIndex(({ layer }) => layer.kind === "flatten" || layer.kind === "dense");
  const body = end === -1 ? plan.layers : plan.layers.slice(0, end);
  if (!body.some(({ layer }) => layer.kind === "conv")) return undefined;
  const { segments, image, pending } = planBody(body, toImage(plan.input));
  const layers = [...(pending === undefined ? [] : [pending]), ...(end === -1 ? [] : plan.layers.slice(end))];
  return { network: plan, segments, head: { layers, input: image, order: orderHead(layers, image) } };
}

/** `pending` is a ReLU that no segment has taken yet. */
function planBody(
  body: readonly PlannedLayer[],
  input: Image,
): { segments: SegmentPlan[]; image: Image; pending: PlannedLayer | undefined } {
  const segments: SegmentPlan[] = [];
  let image = input;
  let pending: PlannedLayer | undefined;
  if (!startsWithPlanes(body[0], input)) {
    segments.push({ kind: "transpose", layers: [], input, output: input, rectify: false });
  }
  for (let i = 0; i < body.length;) {
    const planned = body[i]!;
    if (planned.layer.kind === "relu" || (planned.layer.kind === "dropout" && planned.layer.rate === 0)) {
      if (planned.layer.kind === "relu") pending ??= planned;
      i++;
      continue;
    }
    const { segment, taken } = planSegment(body.slice(i), image, pending, segments.length === 0);
    segments.push(segment);
    image = segment.output;
    pending = undefined;
    i += taken;
  }
  return { segments, image, pending };
}

function planSegment(
  rest: readonly PlannedLayer[],
  input: Image,
  pending: PlannedLayer | undefined,
  first: boolean,
): { segment: SegmentPlan; taken: number } {
  const planned = rest[0]!;
  const { layer } = planned;
  const before = pending === undefined ? [] : [pending.name];
  const common: Common = {
    layers: [...before, planned.name],
    input,
    output: imageOf(planned.output),
    rectify: pending !== undefined,
  };
  switch (layer.kind) {
    case "conv": {
      if (!suitsWinograd(layer, input, common.output)) {
        return {
          segment: { ...common, kind: "patches", convolution: planned, layer, from: first ? "planes" : "pixels" },
          taken: 1,
        };
      }
      const fused = findFinish(rest.slice(1), false);
      if (fused === undefined)
        return { segment: { ...common, kind: "winograd", convolution: planned, layer }, taken: 1 };
      const layers = [...common.layers, ...rest.slice(1, fused.taken + 1).map(({ name }) => name)];
      const segment = { ...common, kind: "winograd", convolution: planned, layer, ...fused, layers } as const;
      return { segment, taken: 1 + fused.taken };
    }
    case "maxPool": {
      const fused = findFinish(rest, common.rectify);
      if (fused === undefined)
        return { segment: { ...common, kind: "maxPool", size: layer.size, stride: layer.stride }, taken: 1 };
      const layers = [...before, ...rest.slice(0, fused.taken).map(({ name }) => name)];
      return {
        segment: { ...common, kind: "pool2", finish: fused.finish, output: fused.output, layers },
        taken: fused.taken,
      };
    }
    case "averagePool":
      return { segment: { ...common, kind: "averagePool", size: layer.size, stride: layer.stride }, taken: 1 };
    case "batchNorm":
      return { segment: { ...common, kind: "batchNorm", norm: planned, layer }, taken: 1 };
    case "dropout":
      return { segment: { ...common, kind: "dropout", rate: layer.rate }, taken: 1 };
    case "gelu":
    case "sigmoid":
    case "tanh":
      return { segment: { ...common, kind: "activation", activation: layer.kind }, taken: 1 };
    default:
      throw new TypeError(`${planned.name} is none of the fast step's layers`);
  }
}

/** [ReLU] maxPool(2) [ReLU] [dropout] at the start of `rest`. */
function findFinish(
  rest: readonly PlannedLayer[],
  pending: boolean,
): { finish: Finish; output: Image; taken: number } | undefined {
  let taken = 0;
  let rectify = pending;
  const skipRelu = (): void => {
    while (rest[taken]?.layer.kind === "relu") {
      rectify = true;
      taken++;
    }
  };
  skipRelu();
  const pool = rest[taken];
  if (pool?.layer.kind !== "maxPool" || [...pool.layer.size, ...pool.layer.stride].some((size) => size !== 2))
    return undefined;
  taken++;
  skipRelu();
  const last = rest[taken]?.layer;
  const rate = last?.kind === "dropout" ? last.rate : 0;
  if (last?.kind === "dropout") taken++;
  return { finish: { rectify, rate }, output: imageOf(pool.output), taken };
}

/** Four times fewer products, but tiles of 4×4 that may stick out, and transforms that few channels do not pay back. */
function suitsWinograd(layer: LayerOf<"conv">, input: Image, output: Image): boolean {
  const { kernel, stride, padding } = layer;
  if (kernel[0] !== 3 || kernel[1] !== 3 || stride[0] !== 1 || stride[1] !== 1) return false;
  if (padding[0] !== padding[1] || padding[0] > 1) return false;
  if (input.channels < 8 || output.channels < 8) return false;
  const tiles = Math.ceil(output.height / 4) * Math.ceil(output.width / 4);
  return tiles * 36 <= 0.6 * output.height * output.width * 9;
}

function startsWithPlanes(first: PlannedLayer | undefined, input: Image): boolean {
  return first?.layer.kind === "conv" && !suitsWinograd(first.layer, input, imageOf(first.output));
}

function orderHead(layers: readonly PlannedLayer[], input: Image): HeadPlan["order"] {
  const dense = layers.findIndex(({ layer }) => layer.kind === "dense");
  if (dense === -1) return "planes";
  // What is done to padding must leave it zero, or it would reach the weights' gradient.
  const harmless = [
    "flatten",
    "relu",
    "tanh",
    "dropout",
    ...(input.padded === input.channels ? ["gelu", "sigmoid"] : []),
  ];
  return layers.slice(0, dense).every(({ layer }) => harmless.includes(layer.kind)) ? "pixels" : "planes";
}

export function toImage({ channels, height, width }: NetworkInput): Image {
  return { channels, padded: Math.ceil(channels / 4) * 4, height, width };
}

function imageOf(shape: readonly number[]): Image {
  const [channels = 1, height = 1, width = 1] = shape.length === 3 ? shape : [product(shape)];
  return toImage({ channels, height, width });
}
