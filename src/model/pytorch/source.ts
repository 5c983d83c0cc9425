/** @file Bytes that are read in ranges: a file of weights may be larger than one read, or than memory should hold. */

import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { pytorchBroken } from "./errors.ts";

export interface ByteSource {
  /** As people know it; for messages. */
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes, or an error that says where the file ends. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Linux reads at most 2 GiB − 4 KiB at once. */
const mostAtOnce = 2 ** 30;
/** Bytes that are read sooner than another thread could be asked to; most tensors of a network are biases and norms. */
const leastAside = 2 ** 16;

export async function openFile(path: string): Promise<ByteSource> {
  const handle = await open(path);
  const name = basename(path);
  const { size } = await handle.stat();
  return {
    name,
    size,
    async read(offset, length) {
      refuseOutside(name, size, offset, length);
      // Memory of its own, so that a view of any element type may begin at its first byte; every byte of it is written below.
      const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      await fill(handle, name, bytes, offset);
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** Gives views, not copies. */
export function fromBytes(bytes: Uint8Array<ArrayBuffer>, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      refuseOutside(name, bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    async close() {},
  };
}

async function fill(handle: FileHandle, file: string, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(bytes.length - done, mostAtOnce);
    const bytesRead =
      length <= leastAside
        ? readSync(handle.fd, bytes, done, length, offset + done)
        : (await handle.read(bytes, done, length, offset + done)).bytesRead;
    if (bytesRead === 0) throw pytorchBroken({ file, part: "the file", fault: `became shorter while it was read` });
    done += bytesRead;
  }
}

/** Before anything is allocated: a size in the file may be a lie. */
function refuseOutside(file: string, size: number, offset: number, length: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (inside && offset + length <= size) return;
  throw pytorchBroken({
    file,
    part: "the file",
    fault: `has ${size} bytes, but ${length} are announced from byte ${offset}`,
  });
}
