/** @file Reads the text form of models that `printModel` writes. For tests: graphs are read and written there, not built by calls. */

import { findDataFault } from "./_tensor-data.ts";
import { onnxText } from "./errors.ts";
import {
  type Attribute,
  type Dimension,
  type ElementType,
  elementTypes,
  type Graph,
  type Int,
  type Model,
  type Node,
  type Tensor,
  type TensorData,
  type ValueInfo,
} from "./types.ts";

export function parseModelText(text: string): Model {
  const cursor: TextCursor = { text, at: 0 };
  const model = { irVersion: 0, opsets: {}, producer: { name: "", version: "" }, metadata: {} };
  expect(cursor, "<");
  commaSeparated(cursor, ">", () => {
    const key = readName(cursor);
    expect(cursor, ":");
    if (key === "ir_version") model.irVersion = readNumber(cursor);
    else if (key === "opset_import") model.opsets = readPairs(cursor, () => readNumber(cursor));
    else if (key === "metadata_props") model.metadata = readPairs(cursor, () => readQuoted(cursor));
    else if (key === "producer") {
      const [name = "", version = ""] = readList(cursor, () => readQuoted(cursor));
      model.producer = { name, version };
    } else throw fault(cursor, `no part of a model is called ${key}`);
  });
  const graph = readGraph(cursor);
  if (peek(cursor) !== "") throw fault(cursor, "more text after the model");
  return { ...model, graph };
}

interface TextCursor {
  text: string;
  at: number;
}

function readGraph(cursor: TextCursor): Graph {
  const name = readName(cursor);
  expect(cursor, "(");
  const inputs = commaSeparated(cursor, ")", () => readValueInfo(cursor));
  expect(cursor, "=>");
  expect(cursor, "(");
  const outputs = commaSeparated(cursor, ")", () => readValueInfo(cursor));
  const initializers = accept(cursor, "<") ? commaSeparated(cursor, ">", () => readTensor(cursor)) : [];
  expect(cursor, "{");
  const nodes: Node[] = [];
  while (!accept(cursor, "}")) nodes.push(readNode(cursor));
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(cursor: TextCursor): Node {
  const outputs = commaSeparated(cursor, "=", () => readName(cursor));
  const full = readName(cursor);
  const dot = full.lastIndexOf(".");
  const attributes = accept(cursor, "<") ? commaSeparated(cursor, ">", () => readAttribute(cursor)) : [];
  expect(cursor, "(");
  const inputs = commaSeparated(cursor, ")", () => readName(cursor));
  return {
    name: "",
    op: full.slice(dot + 1),
    domain: full.slice(0, Math.max(0, dot)),
    inputs,
    outputs,
    attributes: Object.fromEntries(attributes),
  };
}

function readAttribute(cursor: TextCursor): [string, Attribute] {
  const name = readName(cursor);
  expect(cursor, ":");
  const kind = readName(cursor);
  expect(cursor, "=");
  return [name, readAttributeValue(cursor, kind)];
}

function readAttributeValue(cursor: TextCursor, kind: string): Attribute {
  if (kind === "int") return { kind, value: readInt(cursor) };
  if (kind === "float") return { kind, value: readNumber(cursor) };
  if (kind === "string") return { kind, value: readStringOrBytes(cursor) };
  if (kind === "ints") return { kind, value: readList(cursor, () => readInt(cursor)) };
  if (kind === "floats") return { kind, value: Float32Array.from(readList(cursor, () => readNumber(cursor))) };
  if (kind === "strings") return { kind, value: readList(cursor, () => readStringOrBytes(cursor)) };
  if (kind === "tensor") return { kind, value: readTensor(cursor) };
  if (kind === "tensors") return { kind, value: readList(cursor, () => readTensor(cursor)) };
  if (kind === "graph") return { kind, value: readGraph(cursor) };
  if (kind === "graphs") return { kind, value: readList(cursor, () => readGraph(cursor)) };
  if (kind === "reference") return { kind, value: readQuoted(cursor) };
  throw fault(cursor, `no attribute is of kind ${kind}`);
}

function readTensor(cursor: TextCursor): Tensor {
  const type = readElementType(cursor);
  expect(cursor, "[");
  const shape = commaSeparated(cursor, "]", () => readNumber(cursor));
  const name = readName(cursor);
  expect(cursor, "=");
  expect(cursor, "{");
  const words = commaSeparated(cursor, "}", () => (type === "string" ? readQuoted(cursor) : readWord(cursor)));
  const data = toData(type, words);
  const wrong = findDataFault(type, shape, data);
  if (wrong !== undefined) throw fault(cursor, `tensor ${name}: ${wrong}`);
  return { name, type, shape, data };
}

function toData(type: ElementType, words: string[]): TensorData {
  if (type === "string") return words;
  if (type === "int64") return BigInt64Array.from(words, BigInt);
  if (type === "uint64") return BigUint64Array.from(words, BigInt);
  const arrays = {
    float32: Float32Array,
    float64: Float64Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    float16: Uint16Array,
    bfloat16: Uint16Array,
  };
  const array = type in arrays ? arrays[type as keyof typeof arrays] : Uint8Array;
  return array.from(words.map(Number));
}

function readValueInfo(cursor: TextCursor): ValueInfo {
  const word = readName(cursor);
  if (word === "sequence" || word === "map" || word === "optional" || word === "sparse" || word === "unknown") {
    return { name: readName(cursor), type: { kind: word } };
  }
  const element = elementTypeOf(cursor, word);
  const shape = accept(cursor, "[") ? commaSeparated(cursor, "]", () => readDimension(cursor)) : undefined;
  return { name: readName(cursor), type: { kind: "tensor", element, ...(shape !== undefined && { shape }) } };
}

function readDimension(cursor: TextCursor): Dimension {
  if (accept(cursor, "?")) return null;
  return /[-\d]/.test(peek(cursor)) ? readNumber(cursor) : readName(cursor);
}

function readElementType(cursor: TextCursor): ElementType {
  return elementTypeOf(cursor, readName(cursor));
}

function elementTypeOf(cursor: TextCursor, word: string): ElementType {
  const type = elementTypes.find((known) => known === word);
  if (type === undefined) throw fault(cursor, `no element type is called ${word}`);
  return type;
}

function readPairs<T>(cursor: TextCursor, readValue: () => T): Record<string, T> {
  const pairs = readList(cursor, (): [string, T] => {
    const key = readQuoted(cursor);
    expect(cursor, ":");
    return [key, readValue()];
  });
  return Object.fromEntries(pairs);
}

function readList<T>(cursor: TextCursor, readOne: () => T): T[] {
  expect(cursor, "[");
  return commaSeparated(cursor, "]", readOne);
}

/** Items up to the closing mark, which is consumed. */
function commaSeparated<T>(cursor: TextCursor, close: string, readOne: () => T): T[] {
  const items: T[] = [];
  while (!accept(cursor, close)) {
    if (items.length > 0) expect(cursor, ",");
    items.push(readOne());
  }
  return items;
}

function readName(cursor: TextCursor): string {
  return peek(cursor) === '"' ? readQuoted(cursor) : match(cursor, /[A-Za-z_][\w./-]*/y, "a name");
}

function readQuoted(cursor: TextCursor): string {
  const quoted = match(cursor, /"(?:[^"\\]|\\.)*"/y, "text in quotes");
  try {
    return JSON.parse(quoted) as string;
  } catch (error) {
    throw fault(cursor, `text in quotes that is not JSON's: ${quoted}`, error);
  }
}

function readStringOrBytes(cursor: TextCursor): string | Uint8Array {
  if (peek(cursor) === '"') return readQuoted(cursor);
  return Uint8Array.from(Buffer.from(match(cursor, /bytes"(?:[0-9a-f]{2})*"/y, "text or bytes").slice(6, -1), "hex"));
}

function readWord(cursor: TextCursor): string {
  return match(cursor, /-?(?:Infinity|[\d.]+(?:e[-+]?\d+)?)|NaN/y, "a number");
}

function readNumber(cursor: TextCursor): number {
  return Number(readWord(cursor));
}

/** A bigint only where a number would not be exact. */
function readInt(cursor: TextCursor): Int {
  const value = BigInt(match(cursor, /-?\d+/y, "a whole number"));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function accept(cursor: TextCursor, mark: string): boolean {
  skipSpace(cursor);
  if (!cursor.text.startsWith(mark, cursor.at)) return false;
  cursor.at += mark.length;
  return true;
}

function expect(cursor: TextCursor, mark: string): void {
  if (!accept(cursor, mark)) throw fault(cursor, `wanted ${mark}`);
}

function peek(cursor: TextCursor): string {
  skipSpace(cursor);
  return cursor.text.charAt(cursor.at);
}

function match(cursor: TextCursor, pattern: RegExp, what: string): string {
  skipSpace(cursor);
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  if (found === undefined) throw fault(cursor, `wanted ${what}`);
  cursor.at += found.length;
  return found;
}

function skipSpace(cursor: TextCursor): void {
  while (/\s/.test(cursor.text.charAt(cursor.at))) cursor.at++;
}

function fault(cursor: TextCursor, what: string, cause?: unknown): Error {
  const before = cursor.text.slice(0, cursor.at).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return onnxText({ line: before.length, column, fault: what }, { cause });
}
