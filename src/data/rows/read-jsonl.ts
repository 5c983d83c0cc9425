import type { DatasetFault } from "../types.ts";
import type { RawRow, RawRows } from "./raw.ts";

/** One JSON object a line; blank lines are skipped. Every line that is none becomes a fault. */
export function readJsonl(text: string, name: string): RawRows {
  const rows: RawRow[] = [];
  const faults: DatasetFault[] = [];
  const columns = new Set<string>();
  let line = 0;
  for (const content of eachLine(text)) {
    line++;
    if (content.trim() === "") continue;
    const at = `${name}:${line}`;
    const refuse = (message: string): void => void faults.push({ kind: "format", path: at, message });
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      refuse(`is no JSON: ${(error as Error).message}`);
      continue;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      refuse(`is ${describeValue(value)}, wanted a JSON object such as {"text": "…", "label": "…"}`);
      continue;
    }
    const row = value as Record<string, unknown>;
    for (const column of Object.keys(row)) columns.add(column);
    rows.push({ at, row });
  }
  return { rows, faults, columns: [...columns] };
}

/** Without their ends, CR LF or LF. A separator of Unicode (U+2028) is part of its line, as JSON has it. */
function* eachLine(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = text.indexOf("\n", from);
    const to = end === -1 ? text.length : end;
    yield text.slice(from, text[to - 1] === "\r" && to > from ? to - 1 : to);
    from = to + 1;
  }
}

function describeValue(value: unknown): string {
  return Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
}
