/** @file gzip (RFC 1952) whose bytes depend on the input alone: no name, no time, no system, and our own deflate. */
import { crc32 } from "node:zlib";
import { openCrew } from "./crew.ts";

/** Changes whenever the same input would give other bytes: caches are kept apart by it. */
export const gzipRelease = "gzip-1";

/** Each piece is deflated on its own, on any thread; it may refer to the 32 KiB before it. */
export const pieceBytes = 1 << 20;
const backBytes = 32_768;

/** Compresses a stream of pieces of any size. Memory: a few MiB for each thread. */
export async function* gzip(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await using crew = openCrew();
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
  let sum = 0;
  let size = 0;
  const pending: Promise<Uint8Array>[] = [];
  for await (const { bytes, start, isLast } of cutPieces(input)) {
    const own = bytes.subarray(start);
    sum = crc32(own, sum);
    size += own.byteLength;
    const deflated = crew.deflate({ bytes, start, isLast });
    // It is awaited in its turn, or not at all where something before it failed.
    deflated.catch(() => {});
    pending.push(deflated);
    if (pending.length > crew.width) yield await pending.shift()!;
  }
  for (const piece of pending) yield await piece;
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, sum, true);
  trailer.setUint32(4, size % 2 ** 32, true);
  yield new Uint8Array(trailer.buffer);
}

export interface Piece {
  /** What may be referred to, then what is to be deflated. Its memory is its own. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where what is to be deflated begins. */
  start: number;
  isLast: boolean;
}

/** Pieces of exactly `pieceBytes`, but for the last; an empty input is one empty piece. */
async function* cutPieces(input: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let bytes = new Uint8Array(pieceBytes);
  let start = 0;
  let filled = 0;
  for await (const part of input) {
    for (let at = 0; at < part.byteLength;) {
      // Sent on only once more comes, so that the last piece is known to be the last.
      if (filled === bytes.byteLength) {
        const next = new Uint8Array(backBytes + pieceBytes);
        next.set(bytes.subarray(filled - backBytes));
        yield { bytes, start, isLast: false };
        [bytes, start, filled] = [next, backBytes, backBytes];
      }
      const taken = Math.min(part.byteLength - at, bytes.byteLength - filled);
      bytes.set(part.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
    }
  }
  yield { bytes: bytes.slice(0, filled), start, isLast: true };
}
