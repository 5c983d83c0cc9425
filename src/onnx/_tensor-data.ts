/** @file The bytes of a tensor and the typed array they are. ONNX is little-endian, and so is every machine Node runs on that we know of. */

import { onnxTensorData } from "./errors.ts";
import type { ElementType, TensorData } from "./types.ts";

type NumberArray = Exclude<TensorData, string[]>;

interface ArrayKind {
  BYTES_PER_ELEMENT: number;
  new (length: number): NumberArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumberArray;
}

/** Whole bytes an element, and the array for it. Types narrower than a byte are kept as packed bytes. */
const layouts: Readonly<Record<Exclude<ElementType, "undefined" | "string">, { array: ArrayKind; bits: number }>> = {
  float32: { array: Float32Array, bits: 32 },
  uint8: { array: Uint8Array, bits: 8 },
  int8: { array: Int8Array, bits: 8 },
  uint16: { array: Uint16Array, bits: 16 },
  int16: { array: Int16Array, bits: 16 },
  int32: { array: Int32Array, bits: 32 },
  int64: { array: BigInt64Array, bits: 64 },
  bool: { array: Uint8Array, bits: 8 },
  float16: { array: Uint16Array, bits: 16 },
  float64: { array: Float64Array, bits: 64 },
  uint32: { array: Uint32Array, bits: 32 },
  uint64: { array: BigUint64Array, bits: 64 },
  complex64: { array: Float32Array, bits: 64 },
  complex128: { array: Float64Array, bits: 128 },
  bfloat16: { array: Uint16Array, bits: 16 },
  float8e4m3fn: { array: Uint8Array, bits: 8 },
  float8e4m3fnuz: { array: Uint8Array, bits: 8 },
  float8e5m2: { array: Uint8Array, bits: 8 },
  float8e5m2fnuz: { array: Uint8Array, bits: 8 },
  uint4: { array: Uint8Array, bits: 4 },
  int4: { array: Uint8Array, bits: 4 },
  float4e2m1: { array: Uint8Array, bits: 4 },
  float8e8m0: { array: Uint8Array, bits: 8 },
  uint2: { array: Uint8Array, bits: 2 },
  int2: { array: Uint8Array, bits: 2 },
};

/** Elements a shape has. Refuses negative sizes and products past what a file can hold. */
export function countElements(tensor: string, shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw onnxTensorData({ tensor, fault: `a size of ${size} in its shape` });
    count *= size;
  }
  if (!Number.isSafeInteger(count)) throw onnxTensorData({ tensor, fault: `a shape of ${shape.join("×")}` });
  return count;
}

/** The array over `bytes`: a view where they lie aligned, a copy elsewhere. */
export function arrayOf(tensor: string, type: ElementType, shape: readonly number[], bytes: Uint8Array): TensorData {
  const { array, length } = layoutOf(tensor, type, shape);
  const wanted = length * array.BYTES_PER_ELEMENT;
  if (bytes.length !== wanted) {
    throw onnxTensorData({
      tensor,
      fault: `${bytes.length} bytes of data where ${type} of ${shape.join("×") || "one"} has ${wanted}`,
    });
  }
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0;
  return aligned ? new array(bytes.buffer, bytes.byteOffset, length) : new array(bytes.slice().buffer, 0, length);
}

/** The array for values that came one by one; `values` must fit the shape. */
export function arrayFrom(
  tensor: string,
  type: ElementType,
  shape: readonly number[],
  values: readonly (number | bigint)[],
): TensorData {
  const { array, length } = layoutOf(tensor, type, shape);
  if (values.length !== length) {
    throw onnxTensorData({
      tensor,
      fault: `${values.length} values where ${type} of ${shape.join("×") || "one"} has ${length}`,
    });
  }
  const data = new array(length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < length; i++) data[i] = BigInt(values[i] ?? 0);
  } else {
    for (let i = 0; i < length; i++) data[i] = Number(values[i] ?? 0);
  }
  return data;
}

/** The data's bytes, as a view. */
export function bytesOf(data: Exclude<TensorData, string[]>): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The fault of data that are not what the type and shape say, or nothing. */
export function findDataFault(type: ElementType, shape: readonly number[], data: TensorData): string | undefined {
  if (type === "undefined") return "it has no element type";
  const count = countElements("", shape);
  if (type === "string") {
    if (!Array.isArray(data)) return "its data are numbers, wanted strings";
    return data.length === count ? undefined : `${data.length} strings where its shape has ${count}`;
  }
  const { array, length } = layoutOf("", type, shape);
  if (!(data instanceof array)) return `its data are ${data.constructor.name}, wanted ${array.name}`;
  return data.length === length
    ? undefined
    : `${data.length} values where ${type} of ${shape.join("×") || "one"} has ${length}`;
}

function layoutOf(
  tensor: string,
  type: ElementType,
  shape: readonly number[],
): { array: ArrayKind & { name?: string }; length: number } {
  if (type === "undefined" || type === "string")
    throw onnxTensorData({ tensor, fault: `${type} elements kept as numbers` });
  const { array, bits } = layouts[type];
  const bytes = Math.ceil((countElements(tensor, shape) * bits) / 8);
  return { array, length: bytes / array.BYTES_PER_ELEMENT };
}
