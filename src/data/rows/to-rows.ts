/** @file From rows as they were read to rows as a model takes them: every cell is checked, every fault named. */
import { findNearest } from "../../base/nearest.ts";
import type { DatasetFault, RowShape } from "../types.ts";
import type { RawRow } from "./raw.ts";
import { parseTime } from "./time.ts";

/** What of a row is used. Either `text` or `values` is there. */
export interface ReadRow {
  at: string;
  label: string;
  text?: string;
  values?: readonly number[];
  time?: number;
  /** What the row says without its label, under the names of its columns: what is digested. */
  content: Readonly<Record<string, unknown>>;
}

export function columnsOf(shape: RowShape): string[] {
  if (shape.kind === "text") return [shape.text, shape.label];
  return [...shape.columns, shape.target, ...(shape.time === undefined ? [] : [shape.time])];
}

/** A column that no row has is one fault of the whole; undefined where all are there. */
export function findMissingColumns(shape: RowShape, seen: readonly string[], name: string): DatasetFault[] {
  return columnsOf(shape)
    .filter((column) => !seen.includes(column))
    .map((column) => {
      const nearest = findNearest(column, seen);
      const hint = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
      return {
        kind: "missing",
        path: name,
        message: `has no column ${JSON.stringify(column)}, only ${seen.map((each) => JSON.stringify(each)).join(", ")}${hint}`,
      };
    });
}

/** Gives the row, or pushes what is wrong with it, each cell for itself. */
export function toRow({ at, row }: RawRow, shape: RowShape, faults: DatasetFault[]): ReadRow | undefined {
  const before = faults.length;
  const cell = <T>(column: string, read: (value: unknown) => T | Refusal): T | undefined => {
    const value = row[column];
    const result = value === undefined || value === null ? new Refusal("missing", "is missing") : read(value);
    if (!(result instanceof Refusal)) return result;
    faults.push({ kind: result.kind, path: at, message: `${JSON.stringify(column)} ${result.message}` });
    return undefined;
  };
  let found: ReadRow | undefined;
  if (shape.kind === "text") {
    const text = cell(shape.text, readText);
    const label = cell(shape.label, readLabel);
    if (text !== undefined && label !== undefined) found = { at, label, text, content: { [shape.text]: text } };
  } else {
    const { columns, target, time: timeColumn } = shape;
    const values = columns.map((column) => cell(column, readNumber) ?? Number.NaN);
    const label = cell(target, readLabel);
    const time = timeColumn === undefined ? undefined : cell(timeColumn, readTime);
    const content = Object.fromEntries(columns.map((column, index) => [column, values[index]]));
    if (timeColumn !== undefined) content[timeColumn] = time;
    if (label !== undefined) found = { at, label, values, ...(time !== undefined && { time }), content };
  }
  return faults.length === before ? found : undefined;
}

class Refusal {
  readonly kind: DatasetFault["kind"];
  readonly message: string;
  constructor(kind: DatasetFault["kind"], message: string) {
    this.kind = kind;
    this.message = message;
  }
}

function readText(value: unknown): string | Refusal {
  if (typeof value !== "string") return new Refusal("notText", `is ${show(value)}, wanted a text`);
  if (value.trim() === "") return new Refusal("empty", "is empty, wanted a text");
  if (!value.isWellFormed()) return new Refusal("encoding", "holds half of a surrogate pair, which is no Unicode");
  return value;
}

/** Numbers and truth values are labels too, by their JSON. */
function readLabel(value: unknown): string | Refusal {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return new Refusal("notLabel", `is ${show(value)}, wanted a label`);
  if (value.trim() === "") return new Refusal("empty", "is empty, wanted a label");
  return value.isWellFormed() ? value : new Refusal("encoding", "holds half of a surrogate pair, which is no Unicode");
}

function readNumber(value: unknown): number | Refusal {
  const wanted = "wanted a number";
  if (value === "") return new Refusal("notNumber", `is empty, ${wanted}`);
  const fits = typeof value === "number" || (typeof value === "string" && decimal.test(value));
  if (!fits) return new Refusal("notNumber", `is ${show(value)}, ${wanted}`);
  const number = Number(value);
  // Models see 32 bits.
  if (!Number.isFinite(Math.fround(number)))
    return new Refusal("notNumber", `is ${show(value)}, wanted one that 32 bits hold (up to 3.4e38)`);
  return number;
}

/** As JSON and every spreadsheet that speaks English write them; `1,5`, `0x10` and `1_000` are none. */
const decimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

function readTime(value: unknown): number | Refusal {
  return (
    parseTime(value) ??
    new Refusal("notTime", `is ${show(value)}, wanted a time such as 2024-01-31 or 2024-01-31T10:00:00Z`)
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
