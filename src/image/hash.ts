import { createHash } from "node:crypto";
import type { Digest } from "../base/digest.ts";
import type { BlobSource } from "../oci/blob-source.ts";

/** Counts and digests the bytes that pass. `result` may be asked once they all have. */
export function createMeter(): {
  pass(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  result(): Measured;
} {
  const hash = createHash("sha256");
  let size = 0;
  return {
    async *pass(input) {
      for await (const piece of input) {
        hash.update(piece);
        size += piece.byteLength;
        yield piece;
      }
    },
    result: () => ({ digest: `sha256:${hash.digest("hex")}`, size }),
  };
}

export interface Measured {
  digest: Digest;
  /** In bytes. */
  size: number;
}

/** Reads it all. */
export async function measure(source: BlobSource): Promise<Measured> {
  const meter = createMeter();
  for await (const piece of meter.pass(readAll(source))) void piece;
  return meter.result();
}

export function readAll(source: BlobSource): AsyncIterable<Uint8Array> {
  return source.read(0, source.size);
}

export async function readBytes(source: BlobSource): Promise<Uint8Array> {
  const bytes = new Uint8Array(source.size);
  let at = 0;
  for await (const piece of readAll(source)) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes.subarray(0, at);
}
