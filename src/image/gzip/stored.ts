/** @file gzip that compresses nothing: for readers that want gzip, around bytes that would not get smaller. Its size is known beforehand. */
import { crc32 } from "node:zlib";
import { fromBytes, type BlobSource } from "../../oci/blob-source.ts";
import { readAll } from "../hash.ts";

const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const mostStored = 65_535;

/** Reads the source once, for its checksum. */
export async function storedGzip(source: BlobSource): Promise<BlobSource> {
  let sum = 0;
  for await (const piece of readAll(source)) sum = crc32(piece, sum);
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, sum, true);
  trailer.setUint32(4, source.size % 2 ** 32, true);
  const blocks = Math.max(1, Math.ceil(source.size / mostStored));
  const size = header.length + blocks * 5 + source.size + 8;
  return {
    name: source.name,
    size,
    read: async function* (start, end) {
      let at = 0;
      for await (const piece of write(source, new Uint8Array(trailer.buffer))) {
        const part = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
        if (part.byteLength > 0) yield part;
        at += piece.byteLength;
      }
    },
  };
}

async function* write(source: BlobSource, trailer: Uint8Array): AsyncGenerator<Uint8Array> {
  yield header;
  let at = 0;
  do {
    const end = Math.min(at + mostStored, source.size);
    const size = end - at;
    yield Uint8Array.of(end === source.size ? 1 : 0, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255);
    yield* source.read(at, end);
    at = end;
  } while (at < source.size);
  yield* fromBytes(trailer).read(0, trailer.length);
}
