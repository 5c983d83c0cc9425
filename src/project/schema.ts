/** @file What the schemas of a project file are made of. For each, `error` is what was wanted; the value seen is looked up by its path. */
import * as z from "zod";

export const wanted = (what: string) => ({ error: what });

export const number = z.number(wanted("a number"));
export const atLeastZero = z.number(wanted("a number of at least 0")).min(0, wanted("a number of at least 0"));
export const text = z.string(wanted("a text")).min(1, wanted("a text that is not empty"));
export const action = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === "function",
  wanted("a function"),
);

export function whole(least: number, most: number) {
  const what = `a whole number from ${least} to ${most}`;
  return z.int(wanted(what)).min(least, wanted(what)).max(most, wanted(what));
}

/** A text of one form, and not longer than `longest`. */
export function form(pattern: RegExp, what: string, longest = Number.MAX_SAFE_INTEGER) {
  return z
    .string(wanted(what))
    .regex(pattern, wanted(what))
    .max(longest, wanted(`at most ${longest} characters`));
}

/** Refuses keys that it does not know; `made` says how such an object is written. */
export function fields<S extends z.ZodRawShape>(shape: S, made: string) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? JSON.stringify(known) : made),
  });
}

/** One of several forms: `pick` says by looking which one is meant, so that the faults are told of that one alone. */
export function oneOf<T>(pick: (value: unknown) => z.ZodType) {
  return z.custom<T>().superRefine((value, context) => {
    for (const issue of pick(value).safeParse(value).error?.issues ?? []) context.addIssue(issue as never);
  });
}

/** For a value that is of none of the forms. */
export const refused = (what: string) => z.never(wanted(what));
