/** @file An audit as it is kept and shown. It imports nothing of ours: pages take their types from it. */
import * as z from "zod";

/** Share differences, -1..1. What is no number in JSON (infinite drift) is null there. */
const share = z.number().nullable();

export const suspicionRecord = z.object({
  /** Relative to the dataset's folder, or the name of a row. */
  path: z.string(),
  kind: z.enum(["copy", "pair", "noise", "relabelled"]),
  /** As given. */
  label: z.string(),
  /** What it looks like; of a relabelled file: what it was. */
  looksLike: z.string(),
  /** How much more likely the other label is: difference of two shares, -1..1. */
  margin: share,
  /** Of a copy: the file that it is a copy of. */
  copyOf: z.string().optional(),
});

export const auditRecord = z.object({
  version: z.literal(1),
  /** RFC 3339. */
  at: z.string(),
  /** Of the dataset that was audited. */
  digest: z.string(),
  count: z.int(),
  labels: z.array(z.string()),
  judge: z.enum(["folds", "champion"]),
  champion: z.string().optional(),
  /** When the lock was made whose labels were compared, where there was one. */
  comparedWith: z.string().optional(),
  alarms: z.array(z.string()),
  pairs: z.array(
    z.object({ label: z.string(), looksLike: z.string(), rows: z.int(), of: z.int(), expected: z.number() }),
  ),
  drift: z.array(z.object({ label: z.string(), nearest: z.string(), ratio: share })),
  suspicions: z.array(suspicionRecord),
});

export type SuspicionRecord = z.infer<typeof suspicionRecord>;
export type AuditRecord = z.infer<typeof auditRecord>;
