/** @file A tensor's numbers out of its storage: in row-major order, in this machine's byte order. */

import { endianness } from "node:os";
import type { ElementType, TensorData } from "../../onnx/types.ts";
import type { Opened } from "./archive.ts";
import { pytorchTensor } from "./errors.ts";
import { widths } from "./globals.ts";
import type { TensorRef } from "./types.ts";

/** float16, bfloat16 and the 8-bit floats as their bits, bool as 0 and 1, complex numbers as pairs. */
export type Numbers = Exclude<TensorData, string[]>;

/** Elements; refuses a tensor that reaches out of its storage, or is so much larger than the file that it cannot be meant. */
export function checkTensor(file: string, size: number, name: string, tensor: TensorRef): number {
  const refuse = (fault: string): Error => pytorchTensor({ file, tensor: name, fault });
  const width = widths[tensor.dtype] ?? 1;
  const count = tensor.shape.reduce((all, length) => all * length, 1);
  if (!Number.isSafeInteger(count * width)) throw refuse(`its shape [${tensor.shape.join(", ")}] is too large`);
  if (count === 0) return 0;
  const end = (tensor.offset + reachOf(tensor)) * width;
  if (!(end <= tensor.storage.size))
    throw refuse(`it ends at byte ${end} of a storage of ${tensor.storage.size} bytes`);
  // Expanded axes repeat what is there once: a few bytes could ask for terabytes.
  const most = Math.max(size, 2 ** 24);
  if (count * width > most) throw refuse(`its ${count * width} bytes are more than the whole file's ${size}`);
  return count;
}

export async function readTensor(opened: Opened, name: string, tensor: TensorRef, count: number): Promise<Numbers> {
  const width = widths[tensor.dtype] ?? 1;
  if (count === 0) return viewAs(tensor.dtype, new Uint8Array(0));
  const from = tensor.storage.offset + tensor.offset * width;
  const reach = reachOf(tensor);
  const bytes = await opened.read(tensor.storage, name, from, from + reach * width);
  const ordered = isRowMajor(tensor) ? bytes : gather(bytes, tensor, count, width);
  const own = ordered.byteOffset % 8 === 0 ? ordered : ordered.slice();
  return viewAs(tensor.dtype, opened.littleEndian === (endianness() === "LE") ? own : swap(own, tensor.dtype));
}

/** Elements from the first to the last that it touches. */
function reachOf({ shape, strides }: TensorRef): number {
  return shape.reduce((all, length, axis) => all + (length - 1) * (strides[axis] ?? 0), 1);
}

function isRowMajor({ shape, strides }: TensorRef): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] ?? 1;
    // The step along an axis of one place is never taken.
    if (length !== 1 && strides[axis] !== step) return false;
    step *= length;
  }
  return true;
}

/** Copies element by element, the last axis innermost. */
function gather(
  bytes: Uint8Array<ArrayBuffer>,
  { shape, strides }: TensorRef,
  count: number,
  width: number,
): Uint8Array<ArrayBuffer> {
  const ordered = new Uint8Array(count * width);
  const place = new Int32Array(shape.length);
  // Whole numbers only: a float that is copied may lose bits of a NaN.
  const unit = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  const parts = width / unit.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % unit.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const source = new unit(aligned.buffer, aligned.byteOffset, aligned.byteLength / unit.BYTES_PER_ELEMENT);
  const target = new unit(ordered.buffer);
  for (let to = 0, from = 0; to < count; to++) {
    for (let part = 0; part < parts; part++) target[to * parts + part] = source[from * parts + part] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [at, length, stride] = [place[axis] ?? 0, shape[axis] ?? 1, strides[axis] ?? 0];
      if (at + 1 < length) {
        place[axis] = at + 1;
        from += stride;
        break;
      }
      place[axis] = 0;
      from -= at * stride;
    }
  }
  return ordered;
}

/** In a copy: the bytes may be a view of the caller's. */
function swap(bytes: Uint8Array, dtype: ElementType): Uint8Array<ArrayBuffer> {
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  const width = (widths[dtype] ?? 1) / (dtype.startsWith("complex") ? 2 : 1);
  if (width === 2) copy.swap16();
  else if (width === 4) copy.swap32();
  else if (width === 8) copy.swap64();
  return copy;
}

const arrays = {
  float32: Float32Array,
  complex64: Float32Array,
  float64: Float64Array,
  complex128: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};

function viewAs(dtype: ElementType, bytes: Uint8Array<ArrayBuffer>): Numbers {
  const array = (arrays as Partial<Record<ElementType, (typeof arrays)[keyof typeof arrays]>>)[dtype] ?? Uint8Array;
  return new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
}
