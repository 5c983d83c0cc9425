/** @file Protocol Buffers' wire format, read: varints, fixed numbers and length-delimited fields. */

import { onnxMalformed } from "./errors.ts";

export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Graphs nest in attributes (If, Loop). Deeper than this is no model but an attack on the stack. */
const deepest = 64;

export interface Cursor {
  bytes: Uint8Array;
  view: DataView;
  at: number;
  end: number;
  depth: number;
  /** What is being read, for messages. */
  part: string;
}

export function openCursor(bytes: Uint8Array, part: string): Cursor {
  // A Buffer's slice() would be a view where a copy is wanted: read it as the plain array it is.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes: plain, view, at: 0, end: bytes.length, depth: 0, part };
}

export function malformed(cursor: Cursor, fault: string): Error {
  return onnxMalformed({ part: cursor.part, fault, offset: cursor.at });
}

/** Calls `visit` for each field until the end; what it does not consume is skipped. */
export function readFields(cursor: Cursor, visit: (field: number, type: number) => boolean): void {
  while (cursor.at < cursor.end) {
    const tag = readSmall(cursor);
    const field = tag >>> 3;
    if (field === 0) throw malformed(cursor, "a field numbered 0");
    if (!visit(field, tag & 7)) skip(cursor, tag & 7);
  }
}

/** A cursor over a length-delimited field; the outer one moves past it. */
export function readNested(cursor: Cursor, part: string): Cursor {
  const length = readLength(cursor);
  if (cursor.depth >= deepest) throw malformed(cursor, `messages nested more than ${deepest} deep`);
  const { bytes, view, at, depth } = cursor;
  cursor.at += length;
  return { bytes, view, at, end: at + length, depth: depth + 1, part };
}

/** A view, not a copy. */
export function readBytes(cursor: Cursor): Uint8Array {
  const length = readLength(cursor);
  cursor.at += length;
  return cursor.bytes.subarray(cursor.at - length, cursor.at);
}

const lenient = new TextDecoder();

export function readString(cursor: Cursor): string {
  return lenient.decode(readBytes(cursor));
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** ONNX's strings are bytes; most are text. */
export function readStringOrBytes(cursor: Cursor): string | Uint8Array {
  const bytes = readBytes(cursor);
  try {
    return strict.decode(bytes);
  } catch {
    return bytes.slice(); // not UTF-8: the bytes are the value
  }
}

/** A varint as two 32-bit halves, little end first: no bigint on the way, for speed. */
function readHalves(cursor: Cursor): [low: number, high: number] {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.at >= cursor.end) throw malformed(cursor, "a number cut short");
    const byte = cursor.bytes[cursor.at++] ?? 0;
    if (shift < 28) low |= (byte & 127) << shift;
    else if (shift === 28) {
      low |= (byte & 15) << 28;
      high = (byte & 127) >> 4;
    } else high |= (byte & 127) << (shift - 32);
    if (byte < 128) return [low >>> 0, high];
  }
  throw malformed(cursor, "a number of more than ten bytes");
}

/** A signed 64-bit varint: a number where that is exact. */
export function readInt(cursor: Cursor): number | bigint {
  const [low, high] = readHalves(cursor);
  // 2^53 and more, of either sign, need a bigint.
  if (high >= -0x200000 && high < 0x200000) return high * 0x1_0000_0000 + low;
  return (BigInt(high) << 32n) | BigInt(low);
}

export function readBigInt(cursor: Cursor): bigint {
  const [low, high] = readHalves(cursor);
  return (BigInt(high) << 32n) | BigInt(low);
}

/** An int32 field, an enum, a length or a tag: the low 32 bits. */
export function readInt32(cursor: Cursor): number {
  return readHalves(cursor)[0] | 0;
}

export function readFloat32(cursor: Cursor): number {
  return cursor.view.getFloat32(advance(cursor, 4), true);
}

export function readFloat64(cursor: Cursor): number {
  return cursor.view.getFloat64(advance(cursor, 8), true);
}

/** A repeated number may come packed or one by one; writers of both kinds are about. */
export function readRepeated(
  cursor: Cursor,
  type: number,
  unpacked: number,
  readOne: (cursor: Cursor) => void,
): boolean {
  if (type === unpacked) readOne(cursor);
  else if (type === wire.bytes) {
    for (const inner = readNested(cursor, cursor.part); inner.at < inner.end;) readOne(inner);
  } else return false;
  return true;
}

function skip(cursor: Cursor, type: number): void {
  if (type === wire.varint) readHalves(cursor);
  else if (type === wire.fixed64) advance(cursor, 8);
  else if (type === wire.bytes) readBytes(cursor);
  else if (type === wire.fixed32) advance(cursor, 4);
  else throw malformed(cursor, `a field of wire type ${type}`);
}

function readLength(cursor: Cursor): number {
  const length = readSmall(cursor);
  if (length > cursor.end - cursor.at) {
    throw malformed(cursor, `a field of ${length} bytes where ${cursor.end - cursor.at} are left`);
  }
  return length;
}

function readSmall(cursor: Cursor): number {
  const [low, high] = readHalves(cursor);
  if (high !== 0) throw malformed(cursor, "a length or tag over 32 bits");
  return low;
}

/** The position before the step. */
function advance(cursor: Cursor, by: number): number {
  if (by > cursor.end - cursor.at) throw malformed(cursor, "a number cut short");
  cursor.at += by;
  return cursor.at - by;
}
