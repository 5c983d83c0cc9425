import { type Checker, createChecker, isText } from "../check.ts";
import type { CsvSource, JsonlSource, LoadRows, RowShape, RowsSource } from "../types.ts";

/** Rows of a text and its label. */
export interface TextColumns {
  /** Column of the text. */
  text: string;
  /** Column of the label. */
  label: string;
}

/** Rows of numbers and what they lead to. */
export interface TableColumns {
  /** Columns of numbers, in the order the model takes them. */
  columns: readonly string[];
  /** Column of the label. */
  target: string;
  /**
   * Column of a time (`2024-01-31`, `2024-01-31T10:00:00Z`, seconds or milliseconds since 1970). With it, the latest rows are for
   * validation, and nothing of them is trained on.
   */
  time?: string;
  /** How many rows ahead the target looks: so many rows are left out between training and validation. Default 0. Needs `time`. */
  horizon?: number;
}

export type RowColumns = (TextColumns | TableColumns) & {
  /** Accept new rows without `slipway data lock`, as long as every locked row is still there as it was. Default false. */
  growing?: boolean;
};

/** One JSON object a line: `jsonl("intents.jsonl", { text: "text", label: "intent" })`. Throws `sourceArgument`. */
export function jsonl(path: string, options: RowColumns): JsonlSource {
  const checker = createChecker("jsonl");
  checker.check("path", path, "the name of a file", isText(path));
  return { kind: "jsonl", path, ...readColumns(checker, options) };
}

export type CsvOptions = RowColumns & {
  /** What stands between two fields. Default `","`. */
  separator?: string;
};

/** A table with a first line of names: `csv("prices.csv", { columns: ["return", "ma_3"], target: "direction" })`. Throws `sourceArgument`. */
export function csv(path: string, options: CsvOptions): CsvSource {
  const checker = createChecker("csv");
  checker.check("path", path, "the name of a file", isText(path));
  const columns = readColumns(checker, options, ["separator"]);
  const { separator = "," } = options;
  const one = typeof separator === "string" && separator.length === 1 && !'"\r\n'.includes(separator);
  checker.check("separator", separator, 'one character, such as ";" or "\\t"', one);
  return { kind: "csv", path, separator, ...columns };
}

export type RowsOptions = RowColumns & {
  /** Seconds for which loaded rows are used again; 0 loads at each command. Default 3600. */
  maxAge?: number;
};

/**
 * Rows that a function of the project's own gives, from a service or a database:
 * `rows("prices", async ({ signal }) => […], { columns: ["return"], target: "direction", time: "date" })`. They are kept in `.slipway/cache`.
 * Throws `sourceArgument`.
 */
export function rows(name: string, load: LoadRows, options: RowsOptions): RowsSource {
  const checker = createChecker("rows");
  const named = typeof name === "string" && /^[a-z0-9][a-z0-9._-]{0,99}$/.test(name);
  checker.check("name", name, "a name of lower-case letters, digits, dots, _ and -", named);
  checker.check("load", load, "a function that gives rows", typeof load === "function");
  const shape = readColumns(checker, options, ["maxAge"]);
  const { maxAge = 3600 } = options;
  checker.check("maxAge", maxAge, "a number of seconds of at least 0", typeof maxAge === "number" && maxAge >= 0);
  return { kind: "rows", name, load, maxAge, ...shape };
}

const example = '{ text: "text", label: "intent" } or { columns: ["size", "age"], target: "kind" }';

function readColumns(
  { check, keys }: Checker,
  options: RowColumns,
  more: readonly string[] = [],
): { rows: RowShape; growing: boolean } {
  keys(options, ["text", "label", "columns", "target", "time", "horizon", "growing", ...more], example);
  const { growing = false } = options;
  check("growing", growing, "true or false", typeof growing === "boolean");
  const isTextual = "text" in options || "label" in options;
  const isTabular = "columns" in options || "target" in options || "time" in options || "horizon" in options;
  check("options", options, `either a text or columns: ${example}`, isTextual !== isTabular);
  if (isTextual) {
    const { text, label } = options as TextColumns;
    check("text", text, "the name of a column", isText(text));
    check("label", label, "the name of another column", isText(label) && label !== text);
    return { rows: { kind: "text", text, label }, growing };
  }
  const { columns, target, time, horizon = 0 } = options as TableColumns;
  const named = Array.isArray(columns) && columns.length > 0 && columns.every(isText);
  check("columns", columns, "a list of different names of columns", named && new Set(columns).size === columns.length);
  check(
    "target",
    target,
    "the name of a column that is not among `columns`",
    isText(target) && !columns.includes(target),
  );
  const timed = time === undefined || (isText(time) && time !== target);
  check("time", time, "the name of a column that is not the target", timed);
  const whole = Number.isInteger(horizon) && horizon >= 0 && (horizon === 0 || time !== undefined);
  check("horizon", horizon, "a whole number of at least 0, with `time`", whole);
  return { rows: { kind: "table", columns: [...columns], target, time, horizon }, growing };
}
