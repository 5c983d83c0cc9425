/** @file Rows that the project's own function gives. They are kept as JSON lines, so that a loader is not asked at every command. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../../base/digest.ts";
import { findSlipwayError, messageOf } from "../../base/errors.ts";
import { silent } from "../../base/progress.ts";
import { writeWhole } from "../../base/files.ts";
import { dataInterrupted, rowsNotLoaded } from "../errors.ts";
import type { OpenOptions } from "../open.ts";
import type { DatasetWarning, RowsSource } from "../types.ts";

/** The file that holds the rows: the kept one while it is fresh, else a new one. Throws `rowsNotLoaded`, and errors of the catalogue as they are. */
export async function loadRows(
  source: RowsSource,
  { root, report = silent, signal = new AbortController().signal, sample = false }: OpenOptions,
): Promise<{ path: string; sample: DatasetWarning[] }> {
  const { name, load, maxAge } = source;
  const path = join(root, ".slipway", "cache", "rows", `${name}${sample ? ".sample" : ""}.jsonl`);
  const message = `${name} is a generated sample, not real data`;
  const warnings: DatasetWarning[] = sample ? [{ kind: "sample", message, paths: [] }] : [];
  if (!sample && ageOf(path) < maxAge) return { path, sample: warnings };
  report({ step: "data", label: `load ${name}` });
  const lines: string[] = [];
  try {
    for (const row of await load({ root, signal, report, sample })) lines.push(`${canonicalJson(row)}\n`);
  } catch (error) {
    if (signal.aborted) throw dataInterrupted({ doing: `loading ${name}` }, { cause: error });
    const known = findSlipwayError(error);
    if (known !== undefined) throw known;
    throw rowsNotLoaded({ name, reason: messageOf(error) }, { cause: error });
  }
  await writeWhole(path, lines.join(""));
  return { path, sample: warnings };
}

/** Seconds since it was written; infinite where it is not there, or dated in the future. */
function ageOf(path: string): number {
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  const age = written === undefined ? Infinity : (Date.now() - written) / 1000;
  return age < 0 ? Infinity : age;
}
