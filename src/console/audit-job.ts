/** @file The audit that the page asks for: one at a time, in this process, and what it is doing. */
import { findSlipwayError } from "../base/errors.ts";
import { auditFolder, keepAudit, toAuditRecord } from "../way/audit/record.ts";
import { auditDataset } from "../way/audit/run.ts";
import type { AuditJob, AuditOrder } from "./api.ts";
import { auditRunning } from "./errors.ts";
import { toProblem } from "./problem.ts";
import type { Workspace } from "./workspace.ts";

export interface AuditRunner {
  readonly job: AuditJob;
  /** Returns at once. Throws `auditRunning`. */
  start(order: AuditOrder): void;
  /** Asks the running one to end; nothing where none runs. */
  stop(): void;
  /** Stops it and waits for its end. */
  close(): Promise<void>;
}

export function createAuditRunner(workspace: Workspace): AuditRunner {
  let job: AuditJob = { state: "idle" };
  let stopped = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const stop = (): void => {
    if (job.state !== "running") return;
    job = { ...job, stopping: true };
    stopped.abort();
  };
  return {
    get job() {
      return job;
    },
    start(order) {
      if (job.state === "running") throw auditRunning({ since: job.startedAt });
      const startedAt = new Date().toISOString();
      stopped = new AbortController();
      const signal = AbortSignal.any([stopped.signal, workspace.signal]);
      job = { state: "running", startedAt, label: "read the data", stopping: false };
      const report = (label: string, event: Omit<Extract<AuditJob, { state: "running" }>, keyof typeof base>): void => {
        job = { ...base, label, ...event, stopping: stopped.signal.aborted };
      };
      const base = { state: "running", startedAt, label: "", stopping: false } as const;
      ended = audit(workspace, order, signal, report).then(
        () => void (job = { state: "done" }),
        (error: unknown) => void (job = toEnd(error, signal)),
      );
    },
    stop,
    async close() {
      stop();
      await ended;
    },
  };
}

type Tell = (label: string, event: { done?: number; total?: number; figures?: Record<string, string> }) => void;

async function audit(workspace: Workspace, order: AuditOrder, signal: AbortSignal, tell: Tell): Promise<void> {
  const project = await workspace.project();
  const dataset = await workspace.readDataset();
  signal.throwIfAborted();
  const found = await auditDataset(project, dataset, {
    ...(order.folds !== undefined && { folds: order.folds }),
    ...(order.epochs !== undefined && { epochs: order.epochs }),
    report: ({ label, done, total, figures }) =>
      tell(label, {
        ...(done !== undefined && { done }),
        ...(total !== undefined && { total }),
        ...(figures !== undefined && { figures: { ...figures } }),
      }),
    signal,
  });
  signal.throwIfAborted();
  await keepAudit(auditFolder(workspace.root), toAuditRecord(found));
}

/** Whatever a stopped audit ended with, it was stopped. */
function toEnd(error: unknown, signal: AbortSignal): AuditJob {
  if (signal.aborted) return { state: "stopped" };
  return { state: "failed", problem: toProblem(findSlipwayError(error) ?? error) };
}
