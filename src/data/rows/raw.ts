import type { DatasetFault, Row } from "../types.ts";

/** A row as it was read, before anything is known of its columns. */
export interface RawRow {
  /** `intents.jsonl:12` */
  at: string;
  row: Row;
}

export interface RawRows {
  rows: RawRow[];
  faults: DatasetFault[];
  /** All that were seen, in the order they came. */
  columns: readonly string[];
}
