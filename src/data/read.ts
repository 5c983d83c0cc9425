import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Larger files are no images that could be decoded within the limit on pixels. */
const mostBytes = 512 * 1024 * 1024;

let scratch = new Uint8Array(1 << 20);

/**
 * A whole file, in a third less time than `readFileSync` for files of some hundred bytes: **the bytes are valid until
 * the next call**; `slice()` keeps them.
 * Throws what the file system throws, or an Error for files over 512 MB.
 */
export function readWhole(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size > mostBytes)
      throw new Error(`it has ${size.toLocaleString("en")} bytes; at most ${mostBytes.toLocaleString("en")} are read`);
    // One byte more than the size, so that a file that grows meanwhile is noticed.
    if (size >= scratch.length) scratch = new Uint8Array(size + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < scratch.length; length += got)
      got = readSync(file, scratch, length, scratch.length - length, null);
    if (length > size) throw new Error("it grew while it was being read");
    return scratch.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
