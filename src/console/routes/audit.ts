import type { FastifyInstance } from "fastify";
import { suspicionKinds } from "../../way/audit/kinds.ts";
import { auditFolder, readKeptAudit } from "../../way/audit/record.ts";
import type { AuditRecord, SuspicionRecord } from "../../way/audit/schema.ts";
import { auditOrder, suspicionsQuery, type AuditAnswer, type SuspicionsAnswer } from "../api.ts";
import type { AuditRunner } from "../audit-job.ts";
import { parse } from "../parse.ts";
import type { Workspace } from "../workspace.ts";

/** The audit of the labels: the last one that was kept, by whom it may be, and the one that runs here. */
export function registerAudit(app: FastifyInstance, workspace: Workspace, runner: AuditRunner): void {
  const last = (): Promise<AuditRecord | undefined> => readKeptAudit(auditFolder(workspace.root));
  const answer = async (): Promise<AuditAnswer> => {
    const kept = await last();
    return { job: runner.job, ...(kept !== undefined && { last: summarize(kept) }) };
  };
  app.get("/api/audit", answer);
  app.get("/api/audit/suspicions", async (request): Promise<SuspicionsAnswer> => {
    const { kind, label, looksLike, from, count } = parse(suspicionsQuery, request.query);
    const all = ((await last())?.suspicions ?? [])
      .filter((one) => one.kind === kind)
      .filter((one) => (label ?? one.label) === one.label && (looksLike ?? one.looksLike) === one.looksLike)
      .toSorted((a, b) => (b.margin ?? 0) - (a.margin ?? 0));
    return { total: all.length, suspicions: all.slice(from, from + count) };
  });
  app.post("/api/audit", async (request, reply) => {
    runner.start(parse(auditOrder, request.body ?? {}));
    return reply.code(202).send(await answer());
  });
  app.post("/api/audit/stop", async (_request, reply) => {
    runner.stop();
    return reply.code(202).send(await answer());
  });
}

function summarize({ suspicions, ...record }: AuditRecord): NonNullable<AuditAnswer["last"]> {
  const groups = suspicionKinds.flatMap(({ kind, title, text }) => {
    const own = suspicions.filter((one) => one.kind === kind);
    return own.length === 0 ? [] : [{ kind, title, text, count: own.length, pairs: countPairs(own) }];
  });
  return { ...record, suspicions: suspicions.length, groups };
}

function countPairs(suspicions: readonly SuspicionRecord[]): { label: string; looksLike: string; count: number }[] {
  const groups = Map.groupBy(suspicions, ({ label, looksLike }) => JSON.stringify([label, looksLike]));
  if (groups.size < 2) return [];
  return [...groups.values()]
    .map((group) => ({ label: group[0]!.label, looksLike: group[0]!.looksLike, count: group.length }))
    .toSorted((a, b) => b.count - a.count);
}
