/** @file Writes ONNX files. Numbers in brackets of the specification are the field numbers here. */

import { bytesOf, findDataFault } from "./_tensor-data.ts";
import {
  closeSink,
  openSink,
  type Sink,
  writeBytesField,
  writeFloat32Field,
  writeNestedField,
  writePackedField,
  writeStringField,
  writeVarintField,
} from "./_wire-write.ts";
import { onnxUnwritable } from "./errors.ts";
import {
  type Attribute,
  elementTypes,
  type Graph,
  type Model,
  type Node,
  type Tensor,
  type ValueInfo,
} from "./types.ts";

/** What protobuf's readers take. */
const largest = 2 ** 31 - 1;

/** The bytes of an ONNX file. The same model gives the same bytes. */
export function writeModel(model: Model): Uint8Array {
  const sink = openSink();
  writeVarintField(sink, 1, model.irVersion);
  writeStringField(sink, 2, model.producer.name);
  writeStringField(sink, 3, model.producer.version);
  writeNestedField(sink, 7, (inner) => writeGraph(inner, model.graph));
  for (const [domain, version] of Object.entries(model.opsets)) {
    writeNestedField(sink, 8, (inner) => {
      writeStringField(inner, 1, domain);
      writeVarintField(inner, 2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) writeMetadata(sink, key, value);
  if (sink.length > largest)
    throw onnxUnwritable({ part: "the model", fault: `it has ${sink.length} bytes, over 2 GiB` });
  return closeSink(sink);
}

/**
 * The same file with one metadata entry more (or changed: of two, readers take the last). Nothing else is touched, so a model
 * that somebody else made keeps even the parts that this codec does not know.
 */
export function addMetadata(file: Uint8Array, key: string, value: string): Uint8Array {
  const sink = openSink();
  writeMetadata(sink, key, value);
  const entry = closeSink(sink);
  const all = new Uint8Array(file.length + entry.length);
  all.set(file);
  all.set(entry, file.length);
  return all;
}

function writeMetadata(sink: Sink, key: string, value: string): void {
  writeNestedField(sink, 14, (inner) => {
    writeStringField(inner, 1, key);
    writeStringField(inner, 2, value);
  });
}

function writeGraph(sink: Sink, graph: Graph): void {
  for (const node of graph.nodes) writeNestedField(sink, 1, (inner) => writeNode(inner, node));
  writeStringField(sink, 2, graph.name);
  for (const tensor of graph.initializers) writeNestedField(sink, 5, (inner) => writeTensor(inner, tensor));
  for (const input of graph.inputs) writeNestedField(sink, 11, (inner) => writeValueInfo(inner, input));
  for (const output of graph.outputs) writeNestedField(sink, 12, (inner) => writeValueInfo(inner, output));
}

function writeNode(sink: Sink, node: Node): void {
  for (const input of node.inputs) writeStringField(sink, 1, input);
  for (const output of node.outputs) writeStringField(sink, 2, output);
  if (node.name !== "") writeStringField(sink, 3, node.name);
  writeStringField(sink, 4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writeNestedField(sink, 5, (inner) => writeAttribute(inner, name, attribute));
  }
  if (node.domain !== "") writeStringField(sink, 7, node.domain);
}

/** AttributeProto.AttributeType. */
const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
} as const;

function writeAttribute(sink: Sink, name: string, attribute: Attribute): void {
  writeStringField(sink, 1, name);
  const { kind } = attribute;
  if (kind === "other")
    throw onnxUnwritable({
      part: `attribute ${name}`,
      fault: `it is of type ${attribute.value}, which is not supported`,
    });
  if (kind === "float") writeFloat32Field(sink, 2, attribute.value);
  else if (kind === "int") writeVarintField(sink, 3, attribute.value);
  else if (kind === "string") writeText(sink, 4, attribute.value);
  else if (kind === "tensor") writeNestedField(sink, 5, (inner) => writeTensor(inner, attribute.value));
  else if (kind === "graph") writeNestedField(sink, 6, (inner) => writeGraph(inner, attribute.value));
  else if (kind === "floats") writeBytesField(sink, 7, bytesOf(attribute.value));
  else if (kind === "ints") writePackedField(sink, 8, attribute.value);
  else if (kind === "strings") for (const text of attribute.value) writeText(sink, 9, text);
  else if (kind === "tensors")
    for (const tensor of attribute.value) writeNestedField(sink, 10, (inner) => writeTensor(inner, tensor));
  else if (kind === "graphs")
    for (const graph of attribute.value) writeNestedField(sink, 11, (inner) => writeGraph(inner, graph));
  else {
    writeStringField(sink, 21, attribute.value);
    return;
  }
  writeVarintField(sink, 20, attributeTypes[kind]);
}

function writeText(sink: Sink, field: number, text: string | Uint8Array): void {
  if (typeof text === "string") writeStringField(sink, field, text);
  else writeBytesField(sink, field, text);
}

function writeTensor(sink: Sink, tensor: Tensor): void {
  writePackedField(sink, 1, tensor.shape);
  writeVarintField(sink, 2, elementTypes.indexOf(tensor.type));
  if (tensor.name !== "") writeStringField(sink, 8, tensor.name);
  if (tensor.external !== undefined) {
    for (const [key, value] of Object.entries(tensor.external)) {
      writeNestedField(sink, 13, (inner) => {
        writeStringField(inner, 1, key);
        writeStringField(inner, 2, value);
      });
    }
    writeVarintField(sink, 14, 1);
    return;
  }
  const fault = findDataFault(tensor.type, tensor.shape, tensor.data);
  if (fault !== undefined) throw onnxUnwritable({ part: `tensor ${tensor.name}`, fault });
  if (Array.isArray(tensor.data)) for (const text of tensor.data) writeStringField(sink, 6, text);
  else writeBytesField(sink, 9, bytesOf(tensor.data));
}

function writeValueInfo(sink: Sink, { name, type }: ValueInfo): void {
  writeStringField(sink, 1, name);
  if (type.kind === "unknown") return;
  if (type.kind !== "tensor") {
    // What they are made of is not kept, so such a value can be told apart but not run.
    const field = { sequence: 4, map: 5, sparse: 8, optional: 9 }[type.kind];
    writeNestedField(sink, 2, (typeProto) => writeBytesField(typeProto, field, new Uint8Array()));
    return;
  }
  const { element, shape } = type;
  writeNestedField(sink, 2, (typeProto) =>
    writeNestedField(typeProto, 1, (tensor) => {
      writeVarintField(tensor, 1, elementTypes.indexOf(element));
      if (shape === undefined) return;
      writeNestedField(tensor, 2, (shapeProto) => {
        for (const size of shape) {
          writeNestedField(shapeProto, 1, (dimension) => {
            if (typeof size === "number") writeVarintField(dimension, 1, size);
            else if (typeof size === "string") writeStringField(dimension, 2, size);
          });
        }
      });
    }),
  );
}
