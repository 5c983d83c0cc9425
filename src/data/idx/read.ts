/** @file IDX, the format of the MNIST family: two zero bytes, the element type, the number of axes, their sizes, then the values, all big-endian. */
import { gunzipSync } from "node:zlib";
import { idxBroken } from "../errors.ts";

export interface Idx {
  /** Of each axis; the first one counts the rows. */
  shape: number[];
  values: Uint8Array;
}

/** More than any data set of this format; what claims more is broken or hostile. */
const mostBytes = 2 ** 31 - 1;
const typeNames = new Map([
  [0x08, "unsigned bytes"],
  [0x09, "signed bytes"],
  [0x0b, "16-bit integers"],
  [0x0c, "32-bit integers"],
  [0x0d, "32-bit floats"],
  [0x0e, "64-bit floats"],
]);

/** Reads a file of unsigned bytes, gzipped or not, with `axes` axes. `name` is what errors call it. Throws `idxBroken`. */
export function readIdx(file: Uint8Array, axes: number, name: string): Idx {
  const refuse = (why: string): Error => idxBroken({ path: name, why });
  const bytes = inflate(file, refuse);
  if (bytes.length < 4) throw refuse(`it has ${bytes.length} bytes, which is less than a head`);
  const [zero, alsoZero, type = 0, count] = bytes;
  if (zero !== 0 || alsoZero !== 0)
    throw refuse(`it begins with ${hex(bytes.subarray(0, 4))}, wanted 00 00 08 0${axes}`);
  if (type !== 0x08)
    throw refuse(`it holds ${typeNames.get(type) ?? `values of the type ${hex([type])}`}, wanted unsigned bytes`);
  if (count !== axes) throw refuse(`it has ${count} axes, wanted ${axes} (${axes === 1 ? "labels" : "images"})`);
  const start = 4 + 4 * axes;
  if (bytes.length < start) throw refuse(`it ends within its head, after ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const wanted = shape.reduce((all, size) => all * size, 1);
  const seen = bytes.length - start;
  if (seen !== wanted)
    throw refuse(
      `it holds ${seen.toLocaleString("en")} values, wanted ${shape.join(" × ")} = ${wanted.toLocaleString("en")}`,
    );
  return { shape, values: bytes.subarray(start) };
}

function inflate(file: Uint8Array, refuse: (why: string) => Error): Uint8Array {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  try {
    return gunzipSync(file, { maxOutputLength: mostBytes });
  } catch (error) {
    throw refuse(`its gzip is broken (${(error as Error).message})`);
  }
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
