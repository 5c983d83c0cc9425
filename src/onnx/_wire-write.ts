/** @file Protocol Buffers' wire format, written. */

import { wire } from "./_wire-read.ts";

/** Collects the parts of a message; they are copied once, at the end. */
export interface Sink {
  parts: Uint8Array[];
  length: number;
  /** Small fields gather here; only the bytes up to `used` count. */
  buffer: Uint8Array;
  used: number;
}

export function openSink(): Sink {
  return { parts: [], length: 0, buffer: new Uint8Array(64), used: 0 };
}

export function closeSink(sink: Sink): Uint8Array {
  const all = new Uint8Array(sink.length);
  let at = 0;
  for (const part of flush(sink).parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function writeVarintField(sink: Sink, field: number, value: number | bigint): void {
  writeVarint(sink, field << 3);
  writeVarint(sink, value);
}

export function writeFloat32Field(sink: Sink, field: number, value: number): void {
  writeVarint(sink, (field << 3) | wire.fixed32);
  reserve(sink, 4);
  new DataView(sink.buffer.buffer, sink.buffer.byteOffset).setFloat32(sink.used, value, true);
  sink.used += 4;
  sink.length += 4;
}

/** Keeps a view of `bytes` until the sink is closed. */
export function writeBytesField(sink: Sink, field: number, bytes: Uint8Array): void {
  writeVarint(sink, (field << 3) | wire.bytes);
  writeVarint(sink, bytes.length);
  append(sink, bytes);
}

const encoder = new TextEncoder();

export function writeStringField(sink: Sink, field: number, text: string): void {
  writeBytesField(sink, field, encoder.encode(text));
}

export function writeNestedField(sink: Sink, field: number, fill: (inner: Sink) => void): void {
  const inner = openSink();
  fill(inner);
  flush(inner);
  writeVarint(sink, (field << 3) | wire.bytes);
  writeVarint(sink, inner.length);
  flush(sink);
  for (const part of inner.parts) sink.parts.push(part);
  sink.length += inner.length;
}

/** Packed, as every current reader takes them; nothing is written for none. */
export function writePackedField(sink: Sink, field: number, values: readonly (number | bigint)[]): void {
  if (values.length === 0) return;
  writeNestedField(sink, field, (inner) => {
    for (const value of values) writeVarint(inner, value);
  });
}

export function writeVarint(sink: Sink, value: number | bigint): void {
  reserve(sink, 10);
  const before = sink.used;
  if (typeof value === "number" && value >= 0 && value <= 0xffff_ffff) writeSmall(sink, value);
  else writeLarge(sink, BigInt.asUintN(64, BigInt(value)));
  sink.length += sink.used - before;
}

function writeSmall(sink: Sink, value: number): void {
  let rest = value;
  for (; rest > 127; rest >>>= 7) sink.buffer[sink.used++] = (rest & 127) | 128;
  sink.buffer[sink.used++] = rest;
}

function writeLarge(sink: Sink, value: bigint): void {
  let rest = value;
  for (; rest > 127n; rest >>= 7n) sink.buffer[sink.used++] = Number(rest & 127n) | 128;
  sink.buffer[sink.used++] = Number(rest);
}

function append(sink: Sink, bytes: Uint8Array): void {
  if (bytes.length <= 32) {
    reserve(sink, bytes.length);
    sink.buffer.set(bytes, sink.used);
    sink.used += bytes.length;
  } else flush(sink).parts.push(bytes);
  sink.length += bytes.length;
}

function reserve(sink: Sink, count: number): void {
  if (sink.used + count <= sink.buffer.length) return;
  const grown = new Uint8Array(2 * sink.buffer.length + count);
  grown.set(sink.buffer.subarray(0, sink.used));
  sink.buffer = grown;
}

function flush(sink: Sink): Sink {
  if (sink.used > 0) {
    sink.parts.push(sink.buffer.subarray(0, sink.used));
    sink.buffer = sink.buffer.subarray(sink.used);
    sink.used = 0;
  }
  return sink;
}
