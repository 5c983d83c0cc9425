/** @file Models as text, close to ONNX's own textual syntax: for tests and for people. `parseModelText` reads it back. */

import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from "./types.ts";

export interface PrintOptions {
  /** Tensors of more values than this are printed without them, and cannot be read back. Default: all are printed. */
  longest?: number;
}

export function printModel(model: Model, options: PrintOptions = {}): string {
  const pairs = (entries: readonly (readonly [string, string])[]): string =>
    `[${entries.map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join(", ")}]`;
  const opsets = pairs(Object.entries(model.opsets).map(([domain, version]) => [domain, String(version)]));
  const metadata = pairs(Object.entries(model.metadata).map(([key, value]) => [key, JSON.stringify(value)]));
  const head = [
    `ir_version: ${model.irVersion}`,
    `opset_import: ${opsets}`,
    `producer: [${JSON.stringify(model.producer.name)}, ${JSON.stringify(model.producer.version)}]`,
    `metadata_props: ${metadata}`,
  ];
  return `<${head.join(", ")}>\n${printGraph(model.graph, options, "")}\n`;
}

function printGraph(graph: Graph, options: PrintOptions, indent: string): string {
  const inner = `${indent}  `;
  const values = (infos: readonly ValueInfo[]): string => infos.map(printValueInfo).join(", ");
  const lines = [`${printName(graph.name)} (${values(graph.inputs)}) => (${values(graph.outputs)})`];
  if (graph.initializers.length > 0) {
    const tensors = graph.initializers.map((tensor) => `${inner}${printTensor(tensor, options)}`);
    lines.push(`${indent}<`, tensors.join(",\n"), `${indent}>`);
  }
  lines.push(`${indent}{`, ...graph.nodes.map((node) => inner + printNode(node, options, inner)), `${indent}}`);
  return lines.join("\n");
}

function printNode(node: Node, options: PrintOptions, indent: string): string {
  const op = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
  const attributes = Object.entries(node.attributes).map(([name, attribute]) =>
    printAttribute(name, attribute, options, indent),
  );
  const settings = attributes.length === 0 ? "" : ` <${attributes.join(", ")}>`;
  return `${node.outputs.map(printName).join(", ")} = ${printName(op)}${settings} (${node.inputs.map(printName).join(", ")})`;
}

/** The kind is named where the value alone does not tell it. */
function printAttribute(name: string, attribute: Attribute, options: PrintOptions, indent: string): string {
  const { kind, value } = attribute;
  const list = (items: readonly string[]): string => `[${items.join(", ")}]`;
  const set = (text: string): string => `${printName(name)}: ${kind} = ${text}`;
  if (kind === "int") return set(String(value));
  if (kind === "float") return set(printNumber(value));
  if (kind === "string") return set(printString(value));
  if (kind === "ints") return set(list(value.map(String)));
  if (kind === "floats") return set(list(Array.from(value, printNumber)));
  if (kind === "strings") return set(list(value.map(printString)));
  if (kind === "tensor") return set(printTensor(value, options));
  if (kind === "tensors") return set(list(value.map((tensor) => printTensor(tensor, options))));
  if (kind === "graph") return set(printGraph(value, options, indent));
  if (kind === "graphs") return set(list(value.map((graph) => printGraph(graph, options, indent))));
  return set(JSON.stringify(value));
}

function printTensor({ name, type, shape, data }: Tensor, { longest = Infinity }: PrintOptions): string {
  const head = `${type}[${shape.join(", ")}] ${printName(name)}`;
  if (data.length > longest) return head;
  const values = Array.isArray(data)
    ? data.map((text) => JSON.stringify(text))
    : Array.from<number | bigint, string>(data, printNumber);
  return `${head} = {${values.join(", ")}}`;
}

function printValueInfo({ name, type }: ValueInfo): string {
  if (type.kind !== "tensor") return `${type.kind} ${printName(name)}`;
  const shape = type.shape?.map((size) =>
    size === null ? "?" : typeof size === "number" ? String(size) : printName(size),
  );
  return `${type.element}${shape === undefined ? "" : `[${shape.join(", ")}]`} ${printName(name)}`;
}

function printNumber(value: number | bigint): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function printString(value: string | Uint8Array): string {
  return typeof value === "string" ? JSON.stringify(value) : `bytes"${Buffer.from(value).toString("hex")}"`;
}

/** Plain where it is a word, in quotes elsewhere. */
export function printName(name: string): string {
  return /^[A-Za-z_][\w./-]*$/.test(name) ? name : JSON.stringify(name);
}
