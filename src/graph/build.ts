/** @file Builds ONNX graphs of plain data. Every value knows its type and shape, so a wrong graph is refused here and not by the runtime. */

import type { Attribute, ElementType, Model, Node, Tensor, TensorData, ValueInfo } from "../onnx/types.ts";
import { graphName, graphShape } from "./errors.ts";

/** A size, or the name of a variable one. */
export type Size = number | string;

export interface Spec {
  readonly type: ElementType;
  readonly shape: readonly Size[];
}

export interface Value extends Spec {
  readonly name: string;
}

export interface GraphBuilder {
  readonly name: string;
  readonly nodes: Node[];
  readonly initializers: Tensor[];
  readonly inputs: ValueInfo[];
  readonly outputs: { name: string; value: Value }[];
  readonly names: Set<string>;
  /** Constants by content: each is stored once. */
  readonly constants: Map<string, Value>;
}

export function createGraph(name: string): GraphBuilder {
  return { name, nodes: [], initializers: [], inputs: [], outputs: [], names: new Set(), constants: new Map() };
}

export function addInput(graph: GraphBuilder, name: string, type: ElementType, shape: readonly Size[]): Value {
  claimName(graph, name);
  graph.inputs.push({ name, type: { kind: "tensor", element: type, shape } });
  return { name, type, shape };
}

/** A named weight, kept in the file. */
export function addInitializer(
  graph: GraphBuilder,
  name: string,
  type: ElementType,
  shape: readonly number[],
  data: TensorData,
): Value {
  claimName(graph, name);
  graph.initializers.push({ name, type, shape, data });
  return { name, type, shape };
}

export interface NodeOptions {
  attributes?: Readonly<Record<string, Attribute>>;
  /** Default: ONNX's own. */
  domain?: string;
}

/** Adds a node and gives its outputs, one for each of `specs`. */
export function addNodes(
  graph: GraphBuilder,
  op: string,
  inputs: readonly Value[],
  specs: readonly Spec[],
  options: NodeOptions = {},
): Value[] {
  const outputs = specs.map(({ type, shape }) => ({ name: freshName(graph, op), type, shape }));
  graph.nodes.push({
    name: outputs[0]?.name ?? "",
    op,
    domain: options.domain ?? "",
    inputs: inputs.map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
    attributes: options.attributes ?? {},
  });
  return outputs;
}

/** `addNodes` for the usual node, which has one output. */
export function addNode(
  graph: GraphBuilder,
  op: string,
  inputs: readonly Value[],
  spec: Spec,
  options: NodeOptions = {},
): Value {
  return at(addNodes(graph, op, inputs, [spec], options), 0);
}

/** A float32 number. */
export function scalar(graph: GraphBuilder, value: number): Value {
  return constant(graph, "float32", [], Float32Array.of(value));
}

/** An int64 number. */
export function integer(graph: GraphBuilder, value: number): Value {
  return constant(graph, "int64", [], BigInt64Array.of(BigInt(value)));
}

/** A row of int64 numbers, as shapes and axes are given. */
export function indices(graph: GraphBuilder, values: readonly number[]): Value {
  return constant(graph, "int64", [values.length], BigInt64Array.from(values, BigInt));
}

export function constant(
  graph: GraphBuilder,
  type: ElementType,
  shape: readonly number[],
  data: Exclude<TensorData, string[]>,
): Value {
  const key = `${type}[${shape.join()}]${data.join()}`;
  const known = graph.constants.get(key);
  if (known !== undefined) return known;
  const value = { name: freshName(graph, "constant"), type, shape };
  graph.initializers.push({ ...value, data });
  graph.constants.set(key, value);
  return value;
}

/** The name is the caller's; the node that makes the value gets it, so that no copy is needed. */
export function addOutput(graph: GraphBuilder, name: string, value: Value): void {
  claimName(graph, name);
  const made = graph.nodes.some(({ outputs }) => outputs.includes(value.name));
  const taken = graph.outputs.some((output) => output.value.name === value.name);
  graph.outputs.push({ name, value: made && !taken ? value : addNode(graph, "Identity", [value], value) });
}

/** Operator sets of what is built here: opset 17 is old enough for every runtime about and new enough for every operator used. */
const opset = 17;
/** That of trees and label encoders as scikit-learn's converters write them. */
const mlOpset = 3;

export function toModel(graph: GraphBuilder, metadata: Readonly<Record<string, string>> = {}): Model {
  const renamed = new Map(graph.outputs.map(({ name, value }) => [value.name, name]));
  const rename = (name: string): string => renamed.get(name) ?? name;
  const nodes = graph.nodes.map((node) => ({
    ...node,
    name: rename(node.name),
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  const uses = (domain: string): boolean => nodes.some((node) => node.domain === domain);
  return {
    irVersion: 8,
    opsets: {
      "": opset,
      ...(uses("ai.onnx.ml") && { "ai.onnx.ml": mlOpset }),
      ...(uses("com.microsoft") && { "com.microsoft": 1 }),
    },
    producer: { name: "slipway", version: "" },
    graph: {
      name: graph.name,
      nodes,
      initializers: graph.initializers,
      inputs: graph.inputs,
      outputs: graph.outputs.map(({ name, value }) => ({
        name,
        type: { kind: "tensor", element: value.type, shape: value.shape },
      })),
    },
    metadata,
  };
}

/* Attributes, by the kind ONNX wants: it tells whole numbers from floats, JavaScript does not. */
export const int = (value: number): Attribute => ({ kind: "int", value });
export const ints = (value: readonly number[]): Attribute => ({ kind: "ints", value });
export const float = (value: number): Attribute => ({ kind: "float", value });
export const text = (value: string): Attribute => ({ kind: "string", value });
export const floats = (value: Float32Array): Attribute => ({ kind: "floats", value });
export const texts = (value: readonly string[]): Attribute => ({ kind: "strings", value });

/** The whole shape in numbers. Refuses a variable size. */
export function sizesOf(op: string, value: Spec): number[] {
  return value.shape.map((size) => {
    if (typeof size === "number") return size;
    throw graphShape({ op, fault: `the size ${size} must be fixed in [${value.shape.join(", ")}]` });
  });
}

/** The item that must be there: a short list's known place. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw graphShape({ op: "list", fault: `no item ${index} among ${items.length}` });
  return item;
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

function freshName(graph: GraphBuilder, op: string): string {
  const name = `${op}_${graph.names.size}`;
  claimName(graph, name);
  return name;
}

function claimName(graph: GraphBuilder, name: string): void {
  if (graph.names.has(name)) throw graphName({ name });
  graph.names.add(name);
}
