/** @file Checks of what users write in a trainer. Makers of one line throw at once; `sequential` and `command` collect every fault first. */
import { findNearest } from "../base/nearest.ts";
import { trainArgument } from "./errors.ts";

/** A check of one value: what was wanted, or undefined where the value is fine. */
export type Check = (value: unknown) => string | undefined;

export const number =
  (wanted: string, fits: (value: number) => boolean): Check =>
  (value) =>
    typeof value === "number" && Number.isFinite(value) && fits(value) ? undefined : wanted;

export const positive = number("a number over 0", (value) => value > 0);
export const notNegative = number("a number of at least 0", (value) => value >= 0);
export const share = number("a number from 0 up to, not including, 1", (value) => value >= 0 && value < 1);
export const shareOpen = number("a number between 0 and 1", (value) => value > 0 && value < 1);
export const whole = (least: number, most = 1_000_000_000): Check =>
  number(
    `a whole number from ${least} to ${most}`,
    (value) => Number.isInteger(value) && value >= least && value <= most,
  );
export const boolean: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");
export const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && values.includes(value)
      ? undefined
      : values.map((each) => JSON.stringify(each)).join(" or ");

/** Checks `options` of a one-line maker, such as `adam({ rate: 0.001 })`, and fills in the defaults. The first fault is thrown. */
export function readOptions<T extends object>(
  maker: string,
  options: Partial<T>,
  defaults: T,
  checks: { readonly [K in keyof T]: Check },
): T {
  const faults = findFaults(options, checks);
  const first = faults[0];
  if (first !== undefined) throw trainArgument({ maker, ...first });
  return { ...defaults, ...withoutUndefined(options) };
}

export function checkArgument(maker: string, argument: string, value: unknown, check: Check): void {
  const wanted = check(value);
  if (wanted !== undefined) throw trainArgument({ maker, argument, seen: show(value), wanted });
}

export interface Fault {
  argument: string;
  seen: string;
  wanted: string;
}

/** Every fault of an object: unknown keys (with the nearest known one) and values of the wrong kind. Undefined counts as left out. */
export function findFaults(options: unknown, checks: Readonly<Record<string, Check>>): Fault[] {
  const known = Object.keys(checks);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return [{ argument: "its argument", seen: show(options), wanted: `an object with ${known.join(", ")}` }];
  }
  const faults: Fault[] = [];
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      const nearest = findNearest(key, known);
      faults.push({
        argument: `the key \`${key}\``,
        seen: "unknown",
        wanted:
          nearest === undefined ? `one of ${known.join(", ")}` : `\`${nearest}\`, perhaps (known: ${known.join(", ")})`,
      });
      continue;
    }
    const wanted = value === undefined ? undefined : check(value);
    if (wanted !== undefined) faults.push({ argument: key, seen: show(value), wanted });
  }
  return faults;
}

export function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** A value as people read it in an error: JSON where there is one, cut at 80 characters. */
export function show(value: unknown): string {
  const text =
    typeof value === "number" || typeof value === "function" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
