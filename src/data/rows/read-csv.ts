import { CsvError, parse } from "csv-parse/sync";
import type { DatasetFault } from "../types.ts";
import type { RawRow, RawRows } from "./raw.ts";

/**
 * RFC 4180 with a first line of column names; quoted fields may hold separators, quotes and line breaks. Lines end in LF or CR LF, also
 * within quotes, where they count as LF: version control may change them. Every line with too few or too many fields becomes a fault; a
 * quote that is out of place ends the reading.
 */
export function readCsv(text: string, name: string, separator: string): RawRows {
  const faults: DatasetFault[] = [];
  const records: { record: string[]; line: number }[] = [];
  try {
    for (const { record, info } of parseRecords(text.replaceAll(/\r\n?/g, "\n"), separator)) {
      // The parser counts to the record's end; what is quoted may span lines.
      const breaks = record.reduce((sum, field) => sum + countBreaks(field), 0);
      records.push({ record, line: info.lines - breaks });
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    faults.push({ kind: "format", path: name, message: `${error.message}; nothing of it was read` });
  }
  const [head, ...body] = records;
  if (head === undefined) return { rows: [], faults, columns: [] };
  const columns = head.record;
  const refuse = (line: number, message: string): void =>
    void faults.push({ kind: "format", path: `${name}:${line}`, message });
  const twice = columns.filter((column, index) => columns.indexOf(column) !== index);
  if (twice.length > 0) refuse(head.line, `names the column ${JSON.stringify(twice[0])} twice`);
  const rows: RawRow[] = [];
  for (const { record, line } of body) {
    if (record.length !== columns.length)
      refuse(line, `has ${count(record.length)}, wanted ${columns.length} as the first line names them`);
    else rows.push({ at: `${name}:${line}`, row: Object.fromEntries(columns.map((column, i) => [column, record[i]])) });
  }
  return { rows, faults, columns };
}

interface Parsed {
  record: string[];
  info: { lines: number };
}

function parseRecords(text: string, separator: string): Parsed[] {
  return parse(text, {
    delimiter: separator,
    record_delimiter: "\n",
    relax_column_count: true,
    skip_empty_lines: true,
    info: true,
  }) as unknown as Parsed[];
}

function countBreaks(field: string): number {
  let breaks = 0;
  for (let at = field.indexOf("\n"); at !== -1; at = field.indexOf("\n", at + 1)) breaks++;
  return breaks;
}

function count(fields: number): string {
  return `${fields} ${fields === 1 ? "field" : "fields"}`;
}
