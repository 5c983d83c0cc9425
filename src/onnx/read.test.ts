/** @file Reads a file that ONNX's own Python package wrote: fixtures/generate.py. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readModel } from "./read.ts";
import type { Graph, Node } from "./types.ts";

const file = readFileSync(new URL("fixtures/foreign.onnx", import.meta.url));

test("a file of ONNX's own package, in every part that is kept", () => {
  const model = readModel(file);
  expect({ ...model, graph: undefined }).toEqual({
    irVersion: 8,
    producer: { name: "elsewhere", version: "1.0" },
    opsets: { "": 17, local: 1, "my.domain": 3 },
    metadata: { author: "someone", empty: "" },
    graph: undefined,
  });
  const { nodes, initializers, inputs, outputs, name } = model.graph;
  expect(name).toBe("foreign");
  expect(inputs).toEqual([
    { name: "flag", type: { kind: "tensor", element: "bool", shape: [] } },
    { name: "x", type: { kind: "tensor", element: "float32", shape: ["N", null, 3] } },
  ]);
  expect(outputs).toEqual([
    { name: "y", type: { kind: "tensor", element: "float32" } },
    { name: "list", type: { kind: "sequence" } },
  ]);
  expect(initializers).toEqual([
    { name: "w", type: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    { name: "halves", type: "float16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
    { name: "long", type: "int64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
    { name: "unsigned", type: "uint64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
    { name: "wide", type: "float64", shape: [1], data: Float64Array.of(0.1) },
    { name: "bytes", type: "int8", shape: [3], data: Int8Array.of(-128, 0, 127) },
    { name: "words", type: "string", shape: [2], data: ["é", ""] },
    { name: "raw", type: "int32", shape: [1], data: Int32Array.of(7) },
  ]);
  expect(nodes).toEqual([
    node("If", ["flag"], ["chosen"], {
      then_branch: { kind: "graph", value: branch("yes", 1.5) },
      else_branch: { kind: "graph", value: branch("no", 0.25) },
    }),
    {
      ...node("Custom", ["x", "", "w"], ["h"], {
        f: { kind: "float", value: 0.5 },
        i: { kind: "int", value: -3 },
        s: { kind: "string", value: "text" },
        fs: { kind: "floats", value: Float32Array.of(1, 2.5) },
        i_s: { kind: "ints", value: [1, -1, 2n ** 62n] },
        ss: { kind: "strings", value: ["a", "b"] },
        largest: { kind: "int", value: 2n ** 63n - 1n },
      }),
      name: "custom",
      domain: "my.domain",
    },
    { ...node("Double", ["h"], ["y"], {}), domain: "local" },
    node("SequenceConstruct", ["y", "chosen"], ["list"], {}),
  ]);
});

function node(op: string, inputs: string[], outputs: string[], attributes: Node["attributes"]): Node {
  return { name: "", op, domain: "", inputs, outputs, attributes };
}

function branch(name: string, value: number): Graph {
  const tensor = { name: "c", type: "float32", shape: [2], data: Float32Array.of(value, -value) } as const;
  const constant = node("Constant", [], [`${name}_y`], { value: { kind: "tensor", value: tensor } });
  const output = { name: `${name}_y`, type: { kind: "tensor", element: "float32", shape: [2] } } as const;
  return { name, nodes: [constant], initializers: [], inputs: [], outputs: [output] };
}
