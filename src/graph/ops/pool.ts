/** @file The largest and the mean of each window of x [N, C, H, W]. Edges that no whole window covers are left out. */

import {
  addNode,
  addNodes,
  at,
  constant,
  type GraphBuilder,
  indices,
  int,
  ints,
  product,
  type Spec,
  type Value,
} from "../build.ts";
import { addReshape } from "./_nodes.ts";
import { graphShape } from "../errors.ts";
import { fixed, inputOf, type Op, shapeOf } from "./op.ts";

export interface PoolSettings {
  size: readonly [number, number];
  stride: readonly [number, number];
}

/** Of several largest values in a window the first takes the whole gradient, as in PyTorch. */
export const maxPool: Op<PoolSettings> = {
  name: "maxPool",
  infer: (inputs, settings) => [inferPool("maxPool", inputs, settings)],

  emit(graph, inputs, settings, training) {
    const spec = inferPool("maxPool", inputs, settings);
    const options = { attributes: { kernel_shape: ints(settings.size), strides: ints(settings.stride) } };
    if (!training) return { outputs: [addNode(graph, "MaxPool", inputs, spec, options)] };
    const [y, places] = addNodes(graph, "MaxPool", inputs, [spec, { type: "int64", shape: spec.shape }], options);
    return { outputs: y === undefined ? [] : [y], saved: places === undefined ? [] : [places] };
  },

  gradient(graph, { inputs, saved, settings, gradient }) {
    const x = inputOf("maxPool", inputs, 0);
    const places = inputOf("maxPool", saved, 0);
    return [overlap(settings) ? scatter(graph, x, places, gradient) : unpool(graph, x, places, gradient, settings)];
  },
};

export const averagePool: Op<PoolSettings> = {
  name: "averagePool",
  infer: (inputs, settings) => [inferPool("averagePool", inputs, settings)],

  emit(graph, inputs, settings) {
    const attributes = { kernel_shape: ints(settings.size), strides: ints(settings.stride) };
    return {
      outputs: [addNode(graph, "AveragePool", inputs, inferPool("averagePool", inputs, settings), { attributes })],
    };
  },

  /** Each window's gradient goes in equal shares to its places: a transposed convolution of each channel alone by a constant kernel. */
  gradient(graph, { inputs, settings: { size, stride }, gradient }) {
    const x = inputOf("averagePool", inputs, 0);
    const [batch, channels, height, width] = fixedShape("averagePool", x);
    const [, , rows, columns] = fixedShape("averagePool", gradient);
    const planes = addReshape(graph, gradient, [batch * channels, 1, rows, columns]);
    const share = new Float32Array(size[0] * size[1]).fill(1 / (size[0] * size[1]));
    const kernel = constant(graph, "float32", [1, 1, ...size], share);
    const reach = [stride[0] * (rows - 1) + size[0], stride[1] * (columns - 1) + size[1]] as const;
    const attributes = { kernel_shape: ints(size), strides: ints(stride) };
    const spread = addNode(
      graph,
      "ConvTranspose",
      [planes, kernel],
      { type: x.type, shape: [batch * channels, 1, ...reach] },
      { attributes },
    );
    const pads = indices(graph, [0, 0, 0, 0, 0, 0, height - reach[0], width - reach[1]]);
    const whole = reach[0] === height && reach[1] === width;
    return [
      addReshape(
        graph,
        whole
          ? spread
          : addNode(graph, "Pad", [spread, pads], { type: x.type, shape: [batch * channels, 1, height, width] }),
        x.shape,
      ),
    ];
  },
};

/** Windows apart: each place gets at most one gradient, written there. */
function unpool(graph: GraphBuilder, x: Value, places: Value, gradient: Value, { size, stride }: PoolSettings): Value {
  const attributes = { kernel_shape: ints(size), strides: ints(stride) };
  const shape = indices(graph, fixedShape("maxPool", x));
  return addNode(graph, "MaxUnpool", [gradient, places, shape], x, { attributes });
}

/** Windows that overlap: one place may be the largest of several, so the gradients are added up. */
function scatter(graph: GraphBuilder, x: Value, places: Value, gradient: Value): Value {
  const sizes = fixedShape("maxPool", x);
  const count = product(sizes);
  const windows = product(fixedShape("maxPool", gradient));
  const zeros = addNode(graph, "ConstantOfShape", [indices(graph, [count])], { type: x.type, shape: [count] });
  const flat = { type: x.type, shape: [count] };
  const sums = addNode(
    graph,
    "ScatterElements",
    [zeros, addReshape(graph, places, [windows]), addReshape(graph, gradient, [windows])],
    flat,
    {
      attributes: { axis: int(0), reduction: { kind: "string", value: "add" } },
    },
  );
  return addReshape(graph, sums, x.shape);
}

function overlap({ size, stride }: PoolSettings): boolean {
  return stride[0] < size[0] || stride[1] < size[1];
}

function inferPool(op: string, inputs: readonly Spec[], { size, stride }: PoolSettings): Spec {
  const x = inputOf(op, inputs, 0);
  const shape = shapeOf(op, x, 4);
  const [height, width] = [fixed(op, shape, 2), fixed(op, shape, 3)];
  const rows = Math.floor((height - size[0]) / stride[0]) + 1;
  const columns = Math.floor((width - size[1]) / stride[1]) + 1;
  if (rows < 1 || columns < 1)
    throw graphShape({ op, fault: `a window of ${size.join("×")} does not fit into ${height}×${width}` });
  return { type: x.type, shape: [at(shape, 0), at(shape, 1), rows, columns] };
}

function fixedShape(op: string, value: Spec): [number, number, number, number] {
  const { shape } = value;
  return [fixed(op, shape, 0), fixed(op, shape, 1), fixed(op, shape, 2), fixed(op, shape, 3)];
}
