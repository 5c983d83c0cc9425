/** @file How parameters lie in the step's own memory, and the way from and to ONNX's layout. */

import { product } from "../../graph/build.ts";
import type { ParameterShape, PlannedLayer } from "../../model/network.ts";
import { parameterMismatch } from "../../model/errors.ts";
import type { NamedParameter } from "../step.ts";
import type { FastPlan, SegmentPlan } from "./plan.ts";

/** ONNX's element [i, j, …] of `sizes` lies at float `offset` + i·strides[0] + j·strides[1] + … */
export interface OwnParameter {
  name: string;
  shape: readonly number[];
  sizes: readonly number[];
  strides: readonly number[];
  offset: number;
}

/** Consecutive floats with one or two parameters in them; zero where there is none. */
interface Block {
  floats: number;
  parameters: OwnParameter[];
}

export interface ParameterLayout {
  parameters: readonly OwnParameter[];
  /** Of all, a multiple of 16. */
  floats: number;
  /** First float of a layer's block. */
  offsetOf(name: string): number;
}

export function layOutParameters(plan: FastPlan): ParameterLayout {
  const parameters: OwnParameter[] = [];
  let floats = 0;
  for (const block of listBlocks(plan)) {
    for (const parameter of block.parameters) parameters.push({ ...parameter, offset: parameter.offset + floats });
    floats += Math.ceil(block.floats / 16) * 16;
  }
  return {
    parameters,
    floats,
    offsetOf(name) {
      const found = parameters.find((parameter) => parameter.name === name);
      if (found === undefined)
        throw parameterMismatch({ what: name, seen: "missing", wanted: "a parameter of this network" });
      return found.offset;
    },
  };
}

function listBlocks({ segments, head }: FastPlan): Block[] {
  const dense = head.order === "pixels" ? head.layers.find(({ layer }) => layer.kind === "dense") : undefined;
  const { channels, padded, height, width } = head.input;
  return [
    ...segments.flatMap(blocksOfSegment),
    ...head.layers.flatMap((planned) => {
      const [weight, bias] = planned.parameters;
      if (planned !== dense || weight === undefined || bias === undefined) return planned.parameters.map(plainBlock);
      const units = weight.shape[0] ?? 0;
      const row = height * width * padded;
      const sizes = [units, channels, height, width];
      const strides = [row, 1, width * padded, padded];
      return [{ floats: units * row, parameters: [{ ...weight, sizes, strides, offset: 0 }] }, plainBlock(bias)];
    }),
  ];
}

function blocksOfSegment(segment: SegmentPlan): Block[] {
  if (segment.kind === "batchNorm") return segment.norm.parameters.map((shape) => plainBlock(shape));
  if (segment.kind !== "winograd" && segment.kind !== "patches") return [];
  return convolutionBlocks(segment.convolution, segment);
}

/** Filters are the fastest axis. The bias is a row of the patches' matrix, and an array of its own beside Winograd's weights. */
function convolutionBlocks(
  { parameters: [weight, bias] }: PlannedLayer,
  segment: Extract<SegmentPlan, { kind: "winograd" | "patches" }>,
): Block[] {
  if (weight === undefined || bias === undefined) return [];
  const filters = segment.output.padded;
  const { channels, padded } = segment.input;
  const [height, width] = segment.layer.kernel;
  const planes = segment.kind === "patches" && segment.from === "planes";
  const strides = planes
    ? [1, height * width * filters, width * filters, filters]
    : [1, filters, width * padded * filters, padded * filters];
  const taps = height * width * (planes ? channels : padded) * filters;
  const weights = { ...weight, sizes: weight.shape, strides, offset: 0 };
  if (segment.kind === "winograd")
    return [
      { floats: taps, parameters: [weights] },
      { ...plainBlock(bias), floats: filters },
    ];
  const biases = { ...bias, sizes: bias.shape, strides: [1], offset: taps };
  return [{ floats: taps + (planes ? 1 : 4) * filters, parameters: [weights, biases] }];
}

function plainBlock(parameter: ParameterShape): Block {
  return {
    floats: product(parameter.shape),
    parameters: [{ ...parameter, sizes: [product(parameter.shape)], strides: [1], offset: 0 }],
  };
}

/** Refuses a parameter that is missing or of another shape. */
export function loadParameters(layout: ParameterLayout, own: Float32Array, given: readonly NamedParameter[]): void {
  for (const parameter of layout.parameters) {
    const { name, shape } = parameter;
    const source = given.find((candidate) => candidate.name === name);
    const wanted = `shape [${shape.join(", ")}]`;
    if (source === undefined) throw parameterMismatch({ what: name, seen: "missing", wanted });
    if (source.shape.join() !== shape.join() || source.data.length !== product(shape))
      throw parameterMismatch({ what: name, seen: `shape [${source.shape.join(", ")}]`, wanted });
    walk(parameter, (mine, theirs) => {
      own[mine] = source.data[theirs] ?? 0;
    });
  }
}

export function saveParameters(layout: ParameterLayout, own: Float32Array): NamedParameter[] {
  return layout.parameters.map((parameter) => {
    const data = new Float32Array(product(parameter.shape));
    walk(parameter, (mine, theirs) => {
      data[theirs] = own[mine] ?? 0;
    });
    return { name: parameter.name, shape: parameter.shape, data };
  });
}

/** Every element's place in the step's memory and in ONNX's array, in ONNX's order. */
function walk({ sizes, strides, offset }: OwnParameter, visit: (mine: number, theirs: number) => void): void {
  const [a = 1, b = 1, c = 1, d = 1] = [...Array<number>(4 - sizes.length).fill(1), ...sizes];
  const [p = 0, q = 0, r = 0, s = 0] = [...Array<number>(4 - strides.length).fill(0), ...strides];
  let theirs = 0;
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++) for (let l = 0; l < d; l++) visit(offset + i * p + j * q + k * r + l * s, theirs++);
}
