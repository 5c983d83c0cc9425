/** @file The audit by names instead of numbers: what `--json` prints, what is kept beside what models said, and what the console shows. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ignoreMissing, writeWhole } from "../../base/files.ts";
import { listAlarms } from "./describe.ts";
import type { AuditReport } from "./run.ts";
import { auditRecord, type AuditRecord } from "./schema.ts";

/** `slips`: the share of single doubts that is no alarm. */
export function toAuditRecord(report: AuditReport, at = new Date(), slips?: number): AuditRecord {
  const { entries, labels, suspicions, pairs, drift, digest, count, judge, champion, comparedWith } = report;
  const name = (label: number): string => labels[label] ?? String(label);
  const pathOf = (row: number): string => entries[row]?.path ?? "";
  return {
    version: 1,
    at: at.toISOString(),
    digest,
    count,
    labels: [...labels],
    judge,
    ...(champion !== undefined && { champion }),
    ...(comparedWith !== undefined && { comparedWith }),
    alarms: listAlarms(report, slips),
    pairs: pairs.map((pair) => ({ ...pair, label: name(pair.label), looksLike: name(pair.looksLike) })),
    drift: drift.map((one) => ({ ...one, label: name(one.label), nearest: name(one.nearest) })),
    suspicions: suspicions.map(({ row, kind, label, looksLike, margin, copyOf }) => ({
      path: pathOf(row),
      kind,
      label: name(label),
      looksLike: name(looksLike),
      margin,
      ...(copyOf !== undefined && { copyOf: pathOf(copyOf) }),
    })),
  };
}

/** Where a project keeps what models said, and the last audit. */
export function auditFolder(root: string): string {
  return join(root, ".slipway", "audit");
}

/** Keeps the last audit: a reader meets the old one or the new one, never half of it. */
export async function keepAudit(folder: string, record: AuditRecord): Promise<void> {
  await writeWhole(recordPath(folder), `${JSON.stringify(record)}\n`);
}

/** The last audit; undefined where there was none, or another version of Slipway kept it. */
export async function readKeptAudit(folder: string): Promise<AuditRecord | undefined> {
  const text = await readFile(recordPath(folder), "utf8").catch(ignoreMissing);
  if (text === undefined) return undefined;
  try {
    return auditRecord.parse(JSON.parse(text));
  } catch {
    // It can be made again; a page that shows nothing else because of it helps nobody.
    return undefined;
  }
}

function recordPath(folder: string): string {
  return join(folder, "last.json");
}
