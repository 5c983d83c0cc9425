/** @file What the console's server says and is told, as schemas. The page takes its types from here; the tests hold every answer to them. */
import * as z from "zod";
import { auditRecord, suspicionRecord } from "../way/audit/schema.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** Every answer that is none of the below; statuses 4xx and 5xx. */
export const problem = z.object({ code: z.string(), message: z.string(), mend: z.string() });

/** GET /api/project */
export const projectAnswer = z.object({
  name: z.string(),
  /** Absolute. */
  root: z.string(),
  /** False for a project whose routes are all there is. */
  trains: z.boolean(),
  /** Kind of the source, where there are data: `imageFolder`. */
  source: z.string().optional(),
  trainer: z.string().optional(),
});

/** GET /api/data */
export const dataAnswer = z.object({
  digest,
  count: z.int(),
  unit: z.enum(["image", "text", "row", "file"]),
  folder: z.string(),
  labels: z.array(z.object({ label: z.string(), count: z.int(), locked: z.int().optional() })),
  lock: z.object({
    state: z.enum(["unlocked", "same", "differs"]),
    lockedAt: z.string().optional(),
    digest: digest.optional(),
    count: z.int().optional(),
    /** For people, a line for each kind of difference. */
    lines: z.array(z.string()),
    differences: z.int(),
    /** The first of them, with their paths. */
    files: z.array(
      z.object({
        what: z.enum(["added", "removed", "changed", "renamed", "relabelled", "swapped"]),
        path: z.string(),
        to: z.string().optional(),
      }),
    ),
  }),
  warnings: z.array(z.string()),
  /** Why the labels cannot be audited, where they cannot. */
  unauditable: problem.optional(),
});

/** What the audit that runs, or ran last in this console, is doing. */
export const auditJob = z.discriminatedUnion("state", [
  z.object({ state: z.literal("idle") }),
  z.object({
    state: z.literal("running"),
    startedAt: z.string(),
    label: z.string(),
    done: z.number().optional(),
    total: z.number().optional(),
    figures: z.record(z.string(), z.string()).optional(),
    stopping: z.boolean(),
  }),
  z.object({ state: z.literal("done") }),
  z.object({ state: z.literal("stopped") }),
  z.object({ state: z.literal("failed"), problem }),
]);

/** GET /api/audit, and what POST /api/audit and /api/audit/stop answer */
export const auditAnswer = z.object({
  job: auditJob,
  last: auditRecord
    .omit({ suspicions: true })
    .extend({
      suspicions: z.int(),
      groups: z.array(
        z.object({
          kind: suspicionRecord.shape.kind,
          title: z.string(),
          text: z.string(),
          count: z.int(),
          /** The largest first; empty where there is but one. */
          pairs: z.array(z.object({ label: z.string(), looksLike: z.string(), count: z.int() })),
        }),
      ),
    })
    .optional(),
});

/** POST /api/audit */
export const auditOrder = z.strictObject({
  folds: z.int().min(2).max(20).optional(),
  epochs: z.int().min(1).max(1000).optional(),
});

const page = {
  from: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(1).max(500).default(60),
};

/** GET /api/audit/suspicions */
export const suspicionsQuery = z.object({
  kind: suspicionRecord.shape.kind,
  label: z.string().optional(),
  looksLike: z.string().optional(),
  ...page,
});
export const suspicionsAnswer = z.object({ total: z.int(), suspicions: z.array(suspicionRecord) });

/** GET /api/pictures: the bytes of one picture */
export const pictureQuery = z.object({
  path: z.string().min(1).max(4096),
  /** A large picture is made smaller, to so many pixels a side. */
  longest: z.coerce.number().int().min(16).max(2048).optional(),
});

/** NaN and infinities are kept in lineages, and have no JSON: null. */
const metrics = z.record(z.string(), z.number().nullable());

const move = z.object({
  sequence: z.int(),
  alias: z.string(),
  from: digest.optional(),
  to: digest.optional(),
  at: z.string(),
  by: z.string(),
});

/** GET /api/models */
export const modelsQuery = z.object(page);
export const modelsAnswer = z.object({
  location: z.string(),
  total: z.int(),
  models: z.array(
    z.object({
      digest,
      aliases: z.array(z.string()),
      createdAt: z.string(),
      metrics,
      dataset: digest,
      trainer: z.string(),
      /** Of the ONNX file, in bytes. */
      size: z.int(),
    }),
  ),
  /** Newest first; the last hundred. */
  moves: z.array(move),
  served: z.object({
    state: z.enum(["running", "updating", "failing", "stopped"]),
    model: z.string().optional(),
    urls: z.array(z.string()),
    startedAt: z.string().optional(),
    findings: z.array(z.object({ cause: z.string(), mend: z.string() })),
  }),
});

/** GET /api/models/:digest */
export const modelAnswer = z.object({
  name: z.string(),
  digest,
  model: z.object({ digest, size: z.int() }),
  aliases: z.array(z.string()),
  createdAt: z.string(),
  lineage: z.object({
    inputs: digest,
    dataset: z.object({
      digest,
      count: z.int(),
      labels: z.record(z.string(), z.int()),
      sample: z.literal(true).optional(),
    }),
    code: digest,
    trainer: z.string(),
    parameters: z.record(z.string(), z.unknown()),
    seed: z.number(),
    metrics,
    history: z.array(z.record(z.string(), z.unknown())),
    versions: z.record(z.string(), z.string()),
    startedAt: z.string(),
    durationSeconds: z.number(),
  }),
  tensors: z.array(z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()), gives: z.boolean() })),
  moves: z.array(move),
});

/** GET /api/models/:digest/confusion */
export const confusionAnswer = z.union([
  z.object({
    labels: z.array(z.string()),
    /** Validation rows: `counts[label][predicted]`. */
    counts: z.array(z.array(z.int())),
    rows: z.int(),
  }),
  /** Why there is none. */
  z.object({ reason: z.string() }),
]);

export type Problem = z.infer<typeof problem>;
export type ProjectAnswer = z.infer<typeof projectAnswer>;
export type DataAnswer = z.infer<typeof dataAnswer>;
export type AuditJob = z.infer<typeof auditJob>;
export type AuditAnswer = z.infer<typeof auditAnswer>;
export type AuditOrder = z.infer<typeof auditOrder>;
export type SuspicionsAnswer = z.infer<typeof suspicionsAnswer>;
export type ModelsAnswer = z.infer<typeof modelsAnswer>;
export type ModelAnswer = z.infer<typeof modelAnswer>;
export type ConfusionAnswer = z.infer<typeof confusionAnswer>;
