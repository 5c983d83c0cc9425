/** @file Rows from a file or a loader, as a dataset: the same digest, lock and labels as a folder of images. */
import { dirname, resolve, relative } from "node:path";
import { canonicalJson, digestOf } from "../../base/digest.ts";
import { silent } from "../../base/progress.ts";
import { rowsFaulty } from "../errors.ts";
import { boundedLines, printable } from "../faults.ts";
import { sortLabels } from "../labels.ts";
import { compareBytes, merkleRoot } from "../merkle.ts";
import type { OpenOptions } from "../open.ts";
import { createPace } from "../pace.ts";
import type { DatasetEntry, DatasetFault, DatasetWarning, RowSource, TableDataset, TextDataset } from "../types.ts";
import { findWarnings } from "../warnings.ts";
import { loadRows } from "./load-rows.ts";
import type { RawRows } from "./raw.ts";
import { readCsv } from "./read-csv.ts";
import { readJsonl } from "./read-jsonl.ts";
import { readText } from "./read-lines.ts";
import { formatTime } from "./time.ts";
import { columnsOf, findMissingColumns, type ReadRow, toRow } from "./to-rows.ts";

/** Throws `dataFileMissing`, `rowsFaulty` with every bad row, `rowsNotLoaded` or `dataInterrupted`. */
export async function openRows(source: RowSource, options: OpenOptions): Promise<TextDataset | TableDataset> {
  const { name, folder, raw, warnings } = await readRaw(source, options);
  const { rows: shape } = source;
  const faults = [...raw.faults];
  if (raw.rows.length > 0) faults.push(...findMissingColumns(shape, raw.columns, name));
  const rows = faults.some(({ kind, path }) => kind === "missing" && path === name)
    ? []
    : await readRows(raw, source, faults, options);
  const labels = sortLabels(new Set(rows.map(({ label }) => label)));
  if (faults.length === 0 && labels.length < 2)
    faults.push({ kind: "fewLabels", path: name, message: describeFewLabels(raw.rows.length, labels) });
  if (faults.length > 0) throw toRowsError(name, faults);

  const named = nameRows(rows);
  const entries = named.map(({ entry }) => entry);
  const unused = raw.columns.filter((column) => !columnsOf(shape).includes(column));
  const base = {
    source,
    folder,
    digest: merkleRoot(entries),
    labels,
    entries,
    warnings: [
      ...warnings,
      ...findUnused(unused),
      ...findWarnings(entries, [], {
        unit: shape.kind === "text" ? "text" : "row",
        // Rows with a time are split by it.
        stratified: shape.kind !== "table" || shape.time === undefined,
      }),
    ],
  };
  if (shape.kind === "text") return { kind: "text", ...base, texts: named.map(({ row }) => row.text ?? "") };
  const { columns, horizon, time } = shape;
  const values = new Float32Array(
    new SharedArrayBuffer(named.length * columns.length * Float32Array.BYTES_PER_ELEMENT),
  );
  for (const [index, { row }] of named.entries()) values.set(row.values ?? [], index * columns.length);
  const times = time === undefined ? undefined : Float64Array.from(named, ({ row }) => row.time ?? Number.NaN);
  return { kind: "table", ...base, columns, values, horizon, ...(times !== undefined && { times }) };
}

async function readRaw(
  source: RowSource,
  options: OpenOptions,
): Promise<{ name: string; folder: string; raw: RawRows; warnings: DatasetWarning[] }> {
  if (source.kind === "rows") {
    const { path, sample } = await loadRows(source, options);
    const { text } = readText(path, source.name);
    return { name: source.name, folder: dirname(path), raw: readJsonl(text, source.name), warnings: sample };
  }
  const path = resolve(options.root, source.path);
  const name = relative(options.root, path).replaceAll("\\", "/");
  const { text, faults } = readText(path, name);
  if (faults.length > 0) throw toRowsError(name, faults);
  const raw = source.kind === "csv" ? readCsv(text, name, source.separator) : readJsonl(text, name);
  return { name, folder: dirname(path), raw, warnings: [] };
}

async function readRows(
  raw: RawRows,
  source: RowSource,
  faults: DatasetFault[],
  { report = silent, signal }: OpenOptions,
): Promise<ReadRow[]> {
  const pace = createPace({ label: "read rows", doing: "reading the rows", total: raw.rows.length, report, signal });
  const rows: ReadRow[] = [];
  for (const [index, row] of raw.rows.entries()) {
    await pace(index);
    const read = toRow(row, source.rows, faults);
    if (read !== undefined) rows.push(read);
  }
  return rows;
}

/**
 * A row's name is its label and its time, or its label and the start of its digest; a copy gets a number. Rows are sorted by time, then
 * by name: the order of the file does not matter.
 */
function nameRows(rows: readonly ReadRow[]): { row: ReadRow; entry: DatasetEntry }[] {
  const taken = new Map<string, number>();
  return rows
    .map((row) => ({ row, json: canonicalJson(row.content) }))
    .map(({ row, json }) => ({ row, digest: digestOf(json), size: Buffer.byteLength(json) }))
    .toSorted((a, b) => compareBytes(a.digest, b.digest))
    .map(({ row, digest, size }) => {
      const label = row.label.replaceAll(/[%/]/g, (sign) => (sign === "/" ? "%2F" : "%25"));
      const own = row.time === undefined ? digest.slice(7, 23) : formatTime(row.time);
      const path = `${label}/${own}`;
      const copy = (taken.get(path) ?? 0) + 1;
      taken.set(path, copy);
      return {
        row,
        entry: { path: copy === 1 ? path : `${path}~${copy}`, label: row.label, digest, size, at: row.at },
      };
    })
    .toSorted((a, b) => (a.row.time ?? 0) - (b.row.time ?? 0) || compareBytes(a.entry.path, b.entry.path));
}

const mostLines = 20;
const mostFaults = 1000;

/** In the order of the lines; a long list is cut and says how many more there are. */
function toRowsError(name: string, faults: readonly DatasetFault[]): Error {
  const lineOf = ({ path }: DatasetFault): number => Number(/:(\d+)$/.exec(path)?.[1] ?? 0);
  const sorted = faults.toSorted((a, b) => lineOf(a) - lineOf(b));
  const lines = boundedLines(
    sorted.map(({ path, message }) => `${printable(path)}: ${printable(message)}`),
    mostLines,
  );
  return rowsFaulty({ name, total: faults.length, lines, faults: sorted.slice(0, mostFaults) });
}

function findUnused(columns: readonly string[]): DatasetWarning[] {
  if (columns.length === 0) return [];
  const message = `columns that are not used: ${boundedLines(columns.map(printable), 5).join(", ")}`;
  return [{ kind: "ignored", message, paths: [...columns] }];
}

function describeFewLabels(rows: number, labels: readonly string[]): string {
  if (rows === 0) return "has no rows";
  return `has one label (${printable(labels[0] ?? "")}) in all its ${rows.toLocaleString("en")} rows; wanted two or more`;
}
