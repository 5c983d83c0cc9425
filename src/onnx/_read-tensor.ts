/** @file Reads TensorProto: the data may lie in any of seven fields. */

import { arrayFrom, arrayOf, countElements } from "./_tensor-data.ts";
import {
  type Cursor,
  malformed,
  readBigInt,
  readBytes,
  readFields,
  readFloat32,
  readFloat64,
  readInt,
  readInt32,
  readNested,
  readRepeated,
  readString,
  wire,
} from "./_wire-read.ts";
import { onnxTensorData } from "./errors.ts";
import { type ElementType, elementTypes, type Tensor, type TensorData } from "./types.ts";

export function readTensor(cursor: Cursor): Tensor {
  const shape: number[] = [];
  const numbers: (number | bigint)[] = [];
  const strings: string[] = [];
  const external: [string, string][] = [];
  let name = "";
  let typeNumber = 0;
  let raw: Uint8Array | undefined;
  let elsewhere = false;
  readFields(cursor, (field, type) => {
    if (field === 1) return readRepeated(cursor, type, wire.varint, (at) => shape.push(Number(readInt(at))));
    if (field === 4) return readRepeated(cursor, type, wire.fixed32, (at) => numbers.push(readFloat32(at)));
    if (field === 5) return readRepeated(cursor, type, wire.varint, (at) => numbers.push(readInt32(at)));
    if (field === 7) return readRepeated(cursor, type, wire.varint, (at) => numbers.push(readBigInt(at)));
    if (field === 10) return readRepeated(cursor, type, wire.fixed64, (at) => numbers.push(readFloat64(at)));
    if (field === 11) return readRepeated(cursor, type, wire.varint, (at) => numbers.push(readBigInt(at)));
    if (field === 2 && type === wire.varint) typeNumber = readInt32(cursor);
    else if (field === 14 && type === wire.varint) elsewhere = readInt32(cursor) === 1;
    else if (type !== wire.bytes) return false;
    else if (field === 6) strings.push(readString(cursor));
    else if (field === 8) name = readString(cursor);
    else if (field === 9) raw = readBytes(cursor);
    else if (field === 13) external.push(readEntry(readNested(cursor, "external data")));
    else return false;
    return true;
  });
  const type = elementTypeOf(cursor, typeNumber);
  if (elsewhere) return { name, type, shape, data: [], external: Object.fromEntries(external) };
  return { name, type, shape, data: dataOf({ name, type, shape, raw, strings, numbers }) };
}

function dataOf(parts: {
  name: string;
  type: ElementType;
  shape: readonly number[];
  raw: Uint8Array | undefined;
  strings: string[];
  numbers: readonly (number | bigint)[];
}): TensorData {
  const { name, type, shape, raw, strings, numbers } = parts;
  if (type === "string") {
    const count = countElements(name, shape);
    if (strings.length === count) return strings;
    throw onnxTensorData({ tensor: name, fault: `${strings.length} strings where its shape has ${count}` });
  }
  return raw === undefined ? arrayFrom(name, type, shape, numbers) : arrayOf(name, type, shape, raw);
}

/** StringStringEntryProto. */
export function readEntry(cursor: Cursor): [string, string] {
  let key = "";
  let value = "";
  readFields(cursor, (field, type) => {
    if (type !== wire.bytes) return false;
    if (field === 1) key = readString(cursor);
    else if (field === 2) value = readString(cursor);
    else return false;
    return true;
  });
  return [key, value];
}

export function elementTypeOf(cursor: Cursor, number: number): ElementType {
  const type = elementTypes[number];
  if (type === undefined) throw malformed(cursor, `an element type numbered ${number}`);
  return type;
}
