/** @file Checks of what users write in a source: one line each, the first fault is thrown. */
import { findNearest } from "../base/nearest.ts";
import { sourceArgument } from "./errors.ts";

export interface Checker {
  /** Throws `sourceArgument` unless it fits. */
  check: (argument: string, seen: unknown, wanted: string, fits: boolean) => void;
  /** Refuses what is no object, and keys that are not `known`. */
  keys: (options: unknown, known: readonly string[], example: string) => void;
}

export function createChecker(maker: string): Checker {
  const check = (argument: string, seen: unknown, wanted: string, fits: boolean): void => {
    if (!fits) throw sourceArgument({ maker, argument, seen: show(seen), wanted });
  };
  return {
    check,
    keys(options, known, example) {
      check("options", options, `an object such as ${example}`, typeof options === "object" && options !== null);
      const unknown = Object.keys(options as object).find((key) => !known.includes(key));
      if (unknown === undefined) return;
      const nearest = findNearest(unknown, known);
      const wanted = nearest === undefined ? `one of ${known.join(", ")}` : `"${nearest}"`;
      throw sourceArgument({ maker, argument: unknown, seen: "unknown", wanted });
    },
  };
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function show(value: unknown): string {
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
}
