/** @file Tensor values as JSON has them, and back. */
import type { Datatype } from "../model/signature.ts";
import { halfBitsOf, readHalf } from "./half.ts";
import type { Values } from "./runtime/ports.ts";

/**
 * Values for JSON: NaN and infinities are null, as JSON has no word for them; whole numbers beyond 2^53 are raw JSON numbers with all
 * their digits.
 */
export function toJsonValues(datatype: Datatype, values: Values): unknown[] {
  if (datatype === "BYTES") return [...(values as readonly string[])];
  if (datatype === "BOOL") return Array.from(values as Uint8Array, (value) => value !== 0);
  if (datatype === "FP16") return Array.from(values as Uint16Array, (bits) => finiteOrNull(readHalf(bits)));
  if (datatype === "FP32") return Array.from(values as Float32Array, (value) => finiteOrNull(toShortest(value)));
  if (datatype === "FP64") return Array.from(values as Float64Array, finiteOrNull);
  if (datatype === "INT64" || datatype === "UINT64") return Array.from(values as BigInt64Array, toJsonInt);
  return Array.from(values as Int32Array);
}

/** The least and the most of each whole type. */
const ranges: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  UINT8: [0n, 255n],
  UINT16: [0n, 65_535n],
  UINT32: [0n, 4_294_967_295n],
  UINT64: [0n, 2n ** 64n - 1n],
  INT8: [-128n, 127n],
  INT16: [-32_768n, 32_767n],
  INT32: [-2_147_483_648n, 2_147_483_647n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/**
 * One value of a JSON tensor as the array of its type holds it; undefined where it does not fit. `source` is the number as it was written, for
 * whole numbers beyond 2^53.
 */
export function fromJsonValue(datatype: Datatype, value: unknown): number | bigint | string | undefined {
  if (datatype === "BYTES") return typeof value === "string" ? value.toWellFormed() : undefined;
  if (datatype === "BOOL") return value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined;
  const range = ranges[datatype];
  if (range === undefined) {
    const number = value === null ? Number.NaN : typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number") return undefined;
    return datatype === "FP16" ? halfBitsOf(number) : number;
  }
  const whole =
    typeof value === "bigint"
      ? value
      : typeof value === "number" && Number.isInteger(value)
        ? BigInt(value)
        : undefined;
  if (whole === undefined || whole < range[0] || whole > range[1]) return undefined;
  return datatype === "INT64" || datatype === "UINT64" ? whole : Number(whole);
}

/**
 * JSON with whole numbers beyond 2^53 as bigints. Throws SyntaxError. V8 tells a number's text only to a reviver, which costs several times the
 * parsing, so it is used only where such a number may be.
 */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? BigInt(context!.source!)
      : value) as (key: string, value: unknown) => unknown);
}

/** What `parseJson` gave, as JSON again, bigints with all their digits. A replacer costs several times the writing, so it is used only where there are some. */
export function writeJson(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // A bigint is a TypeError; what else may be one, such as a circle, is one again.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? toJsonInt(each) : each));
  }
}

interface RawJson {
  rawJSON?: (text: string) => unknown;
}

/** A bigint that JSON.stringify writes with all its digits. */
function toJsonInt(value: bigint | number): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : ((JSON as RawJson).rawJSON?.(String(value)) ?? number);
}

/** The shortest number that is the same float32: 0.1 and not 0.10000000149011612. */
export function toShortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
