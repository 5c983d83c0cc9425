/** @file Reads ValueInfoProto: the name, element type and shape of an input or output. */

import { elementTypeOf } from "./_read-tensor.ts";
import { type Cursor, readBytes, readFields, readInt, readInt32, readNested, readString, wire } from "./_wire-read.ts";
import type { Dimension, ElementType, ValueInfo, ValueType } from "./types.ts";

export function readValueInfo(cursor: Cursor): ValueInfo {
  let name = "";
  let valueType: ValueType = { kind: "unknown" };
  readFields(cursor, (field, type) => {
    if (type !== wire.bytes) return false;
    if (field === 1) name = readString(cursor);
    else if (field === 2) valueType = readType(readNested(cursor, `the type of ${name || cursor.part}`));
    else return false;
    return true;
  });
  return { name, type: valueType };
}

function readType(cursor: Cursor): ValueType {
  let valueType: ValueType = { kind: "unknown" };
  const kinds = { 4: "sequence", 5: "map", 8: "sparse", 9: "optional" } as const;
  readFields(cursor, (field, type) => {
    if (type !== wire.bytes) return false;
    if (field === 1) valueType = readTensorType(readNested(cursor, cursor.part));
    else if (field === 4 || field === 5 || field === 8 || field === 9) {
      readBytes(cursor);
      valueType = { kind: kinds[field] };
    } else return false;
    return true;
  });
  return valueType;
}

function readTensorType(cursor: Cursor): ValueType {
  let element: ElementType = "undefined";
  let shape: Dimension[] | undefined;
  readFields(cursor, (field, type) => {
    if (field === 1 && type === wire.varint) element = elementTypeOf(cursor, readInt32(cursor));
    else if (field === 2 && type === wire.bytes) shape = readShape(readNested(cursor, cursor.part));
    else return false;
    return true;
  });
  return { kind: "tensor", element, ...(shape !== undefined && { shape }) };
}

function readShape(cursor: Cursor): Dimension[] {
  const shape: Dimension[] = [];
  readFields(cursor, (field, type) => {
    if (field !== 1 || type !== wire.bytes) return false;
    shape.push(readDimension(readNested(cursor, cursor.part)));
    return true;
  });
  return shape;
}

function readDimension(cursor: Cursor): Dimension {
  let size: Dimension = null;
  readFields(cursor, (field, type) => {
    if (field === 1 && type === wire.varint) size = Number(readInt(cursor));
    else if (field === 2 && type === wire.bytes) size = readString(cursor) || null;
    else return false;
    return true;
  });
  return size;
}
