/** @file Reads ONNX files of any writer. Unknown fields are skipped, broken ones refused with the place. */

import { readEntry, readTensor } from "./_read-tensor.ts";
import { readValueInfo } from "./_read-value.ts";
import {
  type Cursor,
  malformed,
  openCursor,
  readFields,
  readFloat32,
  readInt,
  readInt32,
  readNested,
  readRepeated,
  readString,
  readStringOrBytes,
  wire,
} from "./_wire-read.ts";
import type { Attribute, Graph, Int, Model, Node, Tensor, ValueInfo } from "./types.ts";

/** Tensors are views of `file` where their data lie aligned in it, so do not write into it afterwards. */
export function readModel(file: Uint8Array): Model {
  const cursor = openCursor(file, "the model");
  const opsets: [string, number][] = [];
  const metadata: [string, string][] = [];
  const model = { irVersion: 0, producer: { name: "", version: "" } };
  let graph: Graph | undefined;
  readFields(cursor, (field, type) => {
    if (field === 1 && type === wire.varint) model.irVersion = readInt32(cursor);
    else if (type !== wire.bytes) return false;
    else if (field === 2) model.producer.name = readString(cursor);
    else if (field === 3) model.producer.version = readString(cursor);
    else if (field === 7) graph = readGraph(readNested(cursor, "the graph"));
    else if (field === 8) opsets.push(readOpset(readNested(cursor, "an opset import")));
    else if (field === 14) metadata.push(readEntry(readNested(cursor, "the metadata")));
    else return false;
    return true;
  });
  if (graph === undefined) throw malformed(cursor, "no graph");
  return { ...model, opsets: Object.fromEntries(opsets), graph, metadata: Object.fromEntries(metadata) };
}

function readOpset(cursor: Cursor): [string, number] {
  let domain = "";
  let version = 0;
  readFields(cursor, (field, type) => {
    if (field === 1 && type === wire.bytes) domain = readString(cursor);
    else if (field === 2 && type === wire.varint) version = Number(readInt(cursor));
    else return false;
    return true;
  });
  // "ai.onnx" is another name for ONNX's own domain.
  return [domain === "ai.onnx" ? "" : domain, version];
}

function readGraph(cursor: Cursor): Graph {
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  let name = "";
  readFields(cursor, (field, type) => {
    if (type !== wire.bytes) return false;
    if (field === 1) nodes.push(readNode(readNested(cursor, `node ${nodes.length}`)));
    else if (field === 2) name = readString(cursor);
    else if (field === 5) initializers.push(readTensor(readNested(cursor, `initializer ${initializers.length}`)));
    else if (field === 11) inputs.push(readValueInfo(readNested(cursor, `input ${inputs.length}`)));
    else if (field === 12) outputs.push(readValueInfo(readNested(cursor, `output ${outputs.length}`)));
    else return false;
    return true;
  });
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(cursor: Cursor): Node {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: [string, Attribute][] = [];
  const node = { name: "", op: "", domain: "" };
  readFields(cursor, (field, type) => {
    if (type !== wire.bytes) return false;
    if (field === 1) inputs.push(readString(cursor));
    else if (field === 2) outputs.push(readString(cursor));
    else if (field === 3) node.name = readString(cursor);
    else if (field === 4) node.op = readString(cursor);
    else if (field === 5) attributes.push(readAttribute(readNested(cursor, `an attribute of ${cursor.part}`)));
    else if (field === 7) node.domain = readString(cursor);
    else return false;
    return true;
  });
  // Unlike assignment, fromEntries takes any name, "__proto__" too.
  return { ...node, inputs, outputs, attributes: Object.fromEntries(attributes) };
}

function readAttribute(cursor: Cursor): [string, Attribute] {
  let name = "";
  let kind = 0;
  let float = 0;
  let int: Int = 0;
  let text: string | Uint8Array = "";
  let tensor: Tensor | undefined;
  let graph: Graph | undefined;
  let reference: string | undefined;
  const floats: number[] = [];
  const ints: Int[] = [];
  const strings: (string | Uint8Array)[] = [];
  const tensors: Tensor[] = [];
  const graphs: Graph[] = [];
  readFields(cursor, (field, type) => {
    if (field === 7) return readRepeated(cursor, type, wire.fixed32, (at) => floats.push(readFloat32(at)));
    if (field === 8) return readRepeated(cursor, type, wire.varint, (at) => ints.push(readInt(at)));
    if (field === 2 && type === wire.fixed32) float = readFloat32(cursor);
    else if (field === 3 && type === wire.varint) int = readInt(cursor);
    else if (field === 20 && type === wire.varint) kind = readInt32(cursor);
    else if (type !== wire.bytes) return false;
    else if (field === 1) name = readString(cursor);
    else if (field === 4) text = readStringOrBytes(cursor);
    else if (field === 5) tensor = readTensor(readNested(cursor, "a tensor attribute"));
    else if (field === 6) graph = readGraph(readNested(cursor, "a graph attribute"));
    else if (field === 9) strings.push(readStringOrBytes(cursor));
    else if (field === 10) tensors.push(readTensor(readNested(cursor, "a tensor attribute")));
    else if (field === 11) graphs.push(readGraph(readNested(cursor, "a graph attribute")));
    else if (field === 21) reference = readString(cursor);
    else return false;
    return true;
  });
  if (reference !== undefined) return [name, { kind: "reference", value: reference }];
  if (kind === 1) return [name, { kind: "float", value: float }];
  if (kind === 2) return [name, { kind: "int", value: int }];
  if (kind === 3) return [name, { kind: "string", value: text }];
  if (kind === 4 && tensor !== undefined) return [name, { kind: "tensor", value: tensor }];
  if (kind === 5 && graph !== undefined) return [name, { kind: "graph", value: graph }];
  if (kind === 6) return [name, { kind: "floats", value: Float32Array.from(floats) }];
  if (kind === 7) return [name, { kind: "ints", value: ints }];
  if (kind === 8) return [name, { kind: "strings", value: strings }];
  if (kind === 9) return [name, { kind: "tensors", value: tensors }];
  if (kind === 10) return [name, { kind: "graphs", value: graphs }];
  if (kind >= 11 && kind <= 14) return [name, { kind: "other", value: kind }];
  throw malformed(cursor, `attribute ${name} without a value of its type ${kind}`);
}
