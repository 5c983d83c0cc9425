/** @file Numbers of any floating-point type as float32, which networks are run in. */

import type { ElementType } from "../../onnx/types.ts";
import type { Numbers } from "./tensor.ts";

export function isFloat(dtype: ElementType): boolean {
  return dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";
}

/** float32 as it is, without a copy; float64 rounded; the 16-bit types exactly. */
export function toFloat32(dtype: ElementType, numbers: Numbers): Float32Array {
  if (numbers instanceof Float32Array) return numbers;
  if (dtype === "bfloat16") {
    const bits = Uint32Array.from(numbers as Uint16Array, (half) => half << 16);
    return new Float32Array(bits.buffer);
  }
  if (dtype === "float16") return Float32Array.from(numbers as Uint16Array, decodeHalf);
  return Float32Array.from(numbers as Float64Array);
}

/** IEEE 754: a sign, five bits of exponent, ten of fraction. */
function decodeHalf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
