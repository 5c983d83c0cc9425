/** @file Where a blob's bytes come from. A source can be read from any offset, since an upload may have to go on in its middle. */
import { open } from "node:fs/promises";
import { sourceUnreadable } from "./errors.ts";

export interface BlobSource {
  /** For messages: a path, or what it is. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes from `start` up to, not including, `end`. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

export function fromBytes(bytes: Uint8Array, name = "bytes in memory"): BlobSource {
  return {
    name,
    size: bytes.byteLength,
    read: async function* (start, end) {
      // In pieces, so that a slow connection reports progress and an abort is seen.
      for (let at = start; at < end; at += pieceBytes) yield bytes.subarray(at, Math.min(end, at + pieceBytes));
    },
  };
}

/** Reading throws `sourceUnreadable`. */
export function fromFile(path: string, size: number): BlobSource {
  const refuse = (cause: Error): never => {
    throw sourceUnreadable({ what: path, why: cause.message }, { cause });
  };
  return {
    name: path,
    size,
    read: async function* (start, end) {
      await using file = await open(path, "r").catch(refuse);
      for (let at = start; at < end;) {
        const { bytesRead, buffer } = await file
          .read(new Uint8Array(Math.min(pieceBytes, end - at)), { position: at })
          .catch(refuse);
        // A file that became shorter: whoever counts the bytes says so.
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
  };
}

const pieceBytes = 64 << 10;
