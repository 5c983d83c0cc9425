/** @file Pixels to the raw numbers of every box: the convolutions of SSD300, as nodes of a graph. */

import {
  addInitializer,
  addNode,
  at,
  constant,
  type GraphBuilder,
  indices,
  int,
  ints,
  scalar,
  type Value,
} from "../../graph/build.ts";
import { type Convolution, extras, firstSourceAfter, head, imageSide, means, sources, type Step, vgg } from "./plan.ts";

/** Weights by their names in the plan. */
export type WeightOf = (name: string) => Float32Array;

export interface Heads {
  /** [batch, 8732, 4] */
  loc: Value;
  /** [batch, 8732, classes]; no probabilities yet. */
  conf: Value;
}

/** From `image`, uint8 [batch, 300, 300, 3] of red, green, blue. */
export function addNetwork(graph: GraphBuilder, image: Value, classes: number, weightOf: WeightOf): Heads {
  const build = { graph, weightOf };
  const first = vgg.slice(0, firstSourceAfter).reduce((x, step) => addStep(build, x, step), addPixels(graph, image));
  const second = vgg.slice(firstSourceAfter).reduce((x, step) => addStep(build, x, step), first);
  const maps = [addChannelNorm(build, first), second];
  let x = second;
  for (const [index, layer] of extras.entries()) {
    x = addRelu(graph, addConvolution(build, x, layer));
    if (index % 2 === 1) maps.push(x);
  }
  return { loc: addHeads(build, maps, "loc", 4), conf: addHeads(build, maps, "conf", classes) };
}

interface Build {
  graph: GraphBuilder;
  weightOf: WeightOf;
}

/** Planes of red, green and blue, less their means. */
function addPixels(graph: GraphBuilder, image: Value): Value {
  const batch = at(image.shape, 0);
  const cast = addNode(graph, "Cast", [image], { type: "float32", shape: image.shape }, { attributes: { to: int(1) } });
  const planes = { type: "float32", shape: [batch, 3, imageSide, imageSide] } as const;
  const swapped = addNode(graph, "Transpose", [cast], planes, { attributes: { perm: ints([0, 3, 1, 2]) } });
  return addNode(graph, "Sub", [swapped, constant(graph, "float32", [1, 3, 1, 1], Float32Array.from(means))], planes);
}

function addStep(build: Build, x: Value, step: Step): Value {
  if (step.kind === "conv") return addConvolution(build, x, step);
  if (step.kind === "relu") return addRelu(build.graph, x);
  const { size, stride, padding, ceil } = step;
  const reach = (places: number): number => (places + 2 * padding - size) / stride + 1;
  const [batch, channels, side] = [at(x.shape, 0), at(x.shape, 1), Number(x.shape[2])];
  const places = ceil ? Math.ceil(reach(side)) : Math.floor(reach(side));
  return addNode(
    build.graph,
    "MaxPool",
    [x],
    { type: "float32", shape: [batch, channels, places, places] },
    {
      attributes: {
        kernel_shape: ints([size, size]),
        strides: ints([stride, stride]),
        pads: ints([padding, padding, padding, padding]),
        ceil_mode: int(ceil ? 1 : 0),
      },
    },
  );
}

function addRelu(graph: GraphBuilder, x: Value): Value {
  return addNode(graph, "Relu", [x], x);
}

function addConvolution({ graph, weightOf }: Build, x: Value, layer: Convolution): Value {
  const { name, inputs, outputs, kernel, stride, padding, dilation } = layer;
  const weight = addInitializer(
    graph,
    `${name}.weight`,
    "float32",
    [outputs, inputs, kernel, kernel],
    weightOf(`${name}.weight`),
  );
  const bias = addInitializer(graph, `${name}.bias`, "float32", [outputs], weightOf(`${name}.bias`));
  const places = Math.floor((Number(x.shape[2]) + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  return addNode(
    graph,
    "Conv",
    [x, weight, bias],
    { type: "float32", shape: [at(x.shape, 0), outputs, places, places] },
    {
      attributes: {
        kernel_shape: ints([kernel, kernel]),
        strides: ints([stride, stride]),
        pads: ints([padding, padding, padding, padding]),
        dilations: ints([dilation, dilation]),
      },
    },
  );
}

/** Each place's channels to length 1, times what was learned for each channel. */
function addChannelNorm({ graph, weightOf }: Build, x: Value): Value {
  const length = { type: "float32", shape: [at(x.shape, 0), 1, at(x.shape, 2), at(x.shape, 3)] } as const;
  const norm = addNode(graph, "ReduceL2", [x], length, { attributes: { axes: ints([1]), keepdims: int(1) } });
  const safe = addNode(graph, "Add", [norm, scalar(graph, 1e-10)], length);
  const scale = weightOf("L2Norm.weight");
  const weight = addInitializer(graph, "L2Norm.weight", "float32", [1, scale.length, 1, 1], scale);
  return addNode(graph, "Mul", [addNode(graph, "Div", [x, safe], x), weight], x);
}

/** One row for each box, source after source, place after place. */
function addHeads(build: Build, maps: readonly Value[], kind: "loc" | "conf", numbers: number): Value {
  const { graph } = build;
  const parts = sources.map((source, index) => {
    const map = addConvolution(build, at(maps, index), head(kind, index, source, numbers));
    const axes = [0, 2, 3, 1];
    const shape = axes.map((axis) => at(map.shape, axis));
    const options = { attributes: { perm: ints(axes) } };
    const places = addNode(graph, "Transpose", [map], { type: "float32", shape }, options);
    const count = source.side * source.side * source.boxes;
    const flat = { type: "float32", shape: [at(map.shape, 0), count, numbers] } as const;
    // 0 keeps the batch, whatever it is.
    return addNode(graph, "Reshape", [places, indices(graph, [0, count, numbers])], flat);
  });
  const batch = at(at(parts, 0).shape, 0);
  const count = parts.reduce((all, { shape }) => all + Number(shape[1]), 0);
  const joined = { type: "float32", shape: [batch, count, numbers] } as const;
  return addNode(graph, "Concat", parts, joined, { attributes: { axis: int(1) } });
}
