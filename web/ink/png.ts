/**
 * @file Writes PNG (RFC 2083) itself: a canvas would encode when the browser is idle, up to a second late, and browsers that guard against
 * fingerprinting change what is read back from one. Nothing is compressed; the images are as small as a model's input.
 */
import type { Size } from "./types.ts";

/** A PNG of RGBA pixels without transparency: one grey channel, or red, green and blue. */
export function encodePng(rgba: Uint8ClampedArray, { height, width }: Size, channels: 1 | 3): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (1 + width * channels));
  for (let row = 0, to = 0; row < height; row++) {
    // Each row begins with its filter: none.
    rows[to++] = 0;
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < channels; channel++) rows[to++] = rgba[(row * width + column) * 4 + channel]!;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 1 ? 0 : 2], 8);
  return concatenate([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", storeZlib(rows)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** zlib (RFC 1950) around stored blocks of deflate (RFC 1951), which hold 65,535 bytes at most. */
function storeZlib(data: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  for (let at = 0; at === 0 || at < data.length; at += 65_535) {
    const block = data.subarray(at, at + 65_535);
    const last = at + 65_535 >= data.length ? 1 : 0;
    const { length } = block;
    blocks.push(Uint8Array.of(last, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), block);
  }
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, adler32(data));
  return concatenate([...blocks, sum]);
}

function adler32(data: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

function crc32(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xed_b8_83_20 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
