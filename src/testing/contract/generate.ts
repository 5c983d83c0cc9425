import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import type { Cell, ContractField } from "./types.ts";

export type Rows = readonly (readonly unknown[])[];

/** Draws batches of rows as Seldon's tester does; the same seed draws the same batches. */
export function createGenerator(fields: readonly ContractField[], seed: number): (rows: number) => Rows {
  const random = xoroshiro128plus(seed);
  return (rows) => Array.from({ length: rows }, () => fields.flatMap((field) => drawField(field, random)));
}

/**
 * The cells of one row: a plain field is one cell; `shape: [3]` is three of them, and a field of more axes nests its cells behind
 * the first, which is what concatenating along axis 1 gives.
 */
function drawField(field: ContractField, random: RandomGenerator): unknown[] {
  const draw = (shape: readonly number[]): unknown => {
    const [size, ...rest] = shape;
    return size === undefined ? drawCell(field, random) : Array.from({ length: size }, () => draw(rest));
  };
  return draw(field.shape) as unknown[];
}

function drawCell({ ftype, dtype, values, range: [low, high] }: ContractField, random: RandomGenerator): Cell {
  if (ftype === "categorical") return values[uniformInt(random, 0, values.length - 1)]!;
  const drawn = Math.round(drawContinuous(low, high, random) * 1000) / 1000;
  const value = dtype === "INT" ? Math.round(drawn) : drawn;
  // Rounding must not carry a value out of its own range: [0.0004, 0.0006] has no number of three decimals.
  return keepInside(value, low, high, dtype);
}

/** No bound: normal. One: that bound, and a lognormal distance from it. Both: uniform. */
function drawContinuous(low: number | "inf", high: number | "inf", random: RandomGenerator): number {
  if (low === "inf" && high === "inf") return drawNormal(random);
  if (low === "inf") return (high as number) - Math.exp(drawNormal(random));
  if (high === "inf") return low + Math.exp(drawNormal(random));
  return low + (high - low) * uniformFloat64(random);
}

function keepInside(value: number, low: number | "inf", high: number | "inf", dtype: string): number {
  const least = low === "inf" ? -Infinity : dtype === "INT" ? Math.ceil(low) : low;
  const most = high === "inf" ? Infinity : dtype === "INT" ? Math.floor(high) : high;
  // + 0: a negative zero is written as 0 in JSON, and should be what was meant.
  return Math.min(Math.max(value, least), most) + 0;
}

/** Box and Muller (1958). */
function drawNormal(random: RandomGenerator): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(random)));
  return radius * Math.cos(2 * Math.PI * uniformFloat64(random));
}
