import { describe, expect, test } from "vitest";
import { printModel } from "../onnx/print-text.ts";
import { apply, createTape } from "./autodiff.ts";
import { addInitializer, addInput, addNode, addOutput, at, createGraph, indices, scalar, toModel } from "./build.ts";
import { graphName, graphShape } from "./errors.ts";
import * as ops from "./ops/index.ts";
import type { Op } from "./ops/index.ts";

describe("a graph", () => {
  test("names what it makes, stores equal constants once, and gives outputs their names without a copy", () => {
    const graph = createGraph("small");
    const x = addInput(graph, "x", "float32", ["rows", 2]);
    const w = addInitializer(graph, "w", "float32", [2], Float32Array.of(1, 2));
    const twice = addNode(graph, "Mul", [addNode(graph, "Mul", [x, scalar(graph, 2)], x), scalar(graph, 2)], x);
    const sum = addNode(graph, "Add", [twice, w], x);
    addOutput(graph, "twice", twice);
    addOutput(graph, "sum", sum);
    addOutput(graph, "same", sum);
    addOutput(graph, "image", x);
    expect(printModel(toModel(graph, { key: "value" })))
      .toBe(`<ir_version: 8, opset_import: ["": 17], producer: ["slipway", ""], metadata_props: ["key": "value"]>
small (float32[rows, 2] x) => (float32[rows, 2] twice, float32[rows, 2] sum, float32[rows, 2] same, float32[rows, 2] image)
<
  float32[2] w = {1, 2},
  float32[] constant_2 = {2}
>
{
  Mul_3 = Mul (x, constant_2)
  twice = Mul (Mul_3, constant_2)
  sum = Add (twice, w)
  same = Identity (sum)
  image = Identity (x)
}
`);
  });

  test("refuses a name twice", () => {
    const graph = createGraph("names");
    addInput(graph, "x", "float32", [1]);
    expect(() => addInput(graph, "x", "float32", [1])).toThrow(
      expect.objectContaining({ code: graphName.code }) as Error,
    );
  });
});

describe("operators refuse what does not fit, by name", () => {
  const window = { size: [2, 2], stride: [2, 2] };
  const plain = { stride: [1, 1], padding: [0, 0] };
  test.for<[Op<never>, unknown, (number | string)[][], string]>([
    [ops.conv, plain, [[1, 3, 8, 8], [4, 2, 3, 3], [4]], "conv: the weights' number of channels is 2, wanted 3"],
    [ops.conv, plain, [[1, 3, 8, 8], [4, 3, 3, 3], [5]], "conv: the bias's size is 5, wanted 4"],
    [
      ops.conv,
      plain,
      [[1, 3, 2, 8], [4, 3, 3, 3], [4]],
      "conv: a kernel of 3×3 does not fit into 2×8 with padding 0×0",
    ],
    [
      ops.conv,
      plain,
      [[1, 3, 8], [4, 3, 3, 3], [4]],
      "conv: an input of shape [1, 3, 8], wanted [rows, channels, height, width]",
    ],
    [ops.conv, plain, [["rows", 3, "high", 8], [4, 3, 3, 3], [4]], "conv: axis 2 of [rows, 3, high, 8] must be fixed"],
    [ops.conv, plain, [["rows", 3, 8, 8]], "conv: 1 inputs, wanted 2 or more"],
    [ops.linear, null, [[2, 3], [4, 2], [4]], "linear: the weights' width is 2, wanted 3"],
    [ops.maxPool, window, [[2, 3]], "maxPool: a value of shape [2, 3], wanted 4 axes"],
    [ops.averagePool, window, [[1, 1, 1, 4]], "averagePool: a window of 2×2 does not fit into 1×4"],
    [
      ops.batchNorm,
      { epsilon: 1, momentum: 1 },
      [[2, 3], [3], [3], [3], [2]],
      "batchNorm: the running variance's size is 2, wanted 3",
    ],
    [ops.dropout, { rate: 0.5 }, [[2, 3], [2]], "dropout: the shape of the random bytes is 2, wanted 2,3"],
    [ops.softmaxCrossEntropy, { rows: 1 }, [[2, 3], [3]], "softmaxCrossEntropy: the number of targets is 3, wanted 2"],
    [ops.add, null, [[2, 3], [2]], "add: [2, 3] and [2] do not broadcast"],
    [ops.reshape, { shape: [7] }, [[2, 3]], "reshape: [2, 3] does not make [7]"],
    [ops.transpose, { axes: [0, 0] }, [[2, 3]], "transpose: axes 0, 0 for [2, 3]"],
  ])("%#", ([op, settings, shapes, message]) => {
    const graph = createGraph("refused");
    const inputs = shapes.map((shape, index) => addInput(graph, `x${index}`, "float32", shape));
    expect(() => apply(createTape(graph, { training: true }), op, inputs, settings as never)).toThrow(
      expect.objectContaining({ code: graphShape.code, message }) as Error,
    );
    expect(graph.nodes).toEqual([]);
  });

  test("and keep a variable number of rows", () => {
    const spec = (...shape: (number | string)[]) => ({ type: "float32" as const, shape });
    expect(
      at(ops.conv.infer([spec("n", 3, 9, 8), spec(4, 3, 3, 2), spec(4)], { stride: [2, 3], padding: [1, 0] }), 0).shape,
    ).toEqual(["n", 4, 5, 3]);
    expect(at(ops.flatten.infer([spec("n", 3, 4)], null), 0).shape).toEqual(["n", 12]);
    expect(at(ops.add.infer([spec("n", 1), spec(3)], null), 0).shape).toEqual(["n", 3]);
    expect(indices(createGraph("g"), [1, 2]).shape).toEqual([2]);
  });
});
