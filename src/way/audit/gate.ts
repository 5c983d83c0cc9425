import type { Store } from "../../artifact/types.ts";
import type { LabelAudit } from "../../data/audit/define.ts";
import type { Dataset } from "../../data/types.ts";
import type { Project } from "../../project/types.ts";
import type { WayOptions } from "../types.ts";
import { auditFolder, keepAudit, toAuditRecord } from "./record.ts";
import { auditDataset } from "./run.ts";

/** Runs the audit that a project file declares; gives its findings. */
export type LabelAuditor = (audit: LabelAudit) => Promise<readonly string[]>;

/** For the gate, where the data are at hand. `folder` keeps what models said, so that the same data are judged once, and what was found. */
export function createLabelAuditor(
  project: Project,
  dataset: Dataset,
  store: Store,
  { report, signal }: Pick<WayOptions, "report" | "signal">,
  folder = auditFolder(project.root),
): LabelAuditor {
  return async ({ folds, epochs, slips }) => {
    const toGate: typeof report = (event) => report({ ...event, step: "gate", label: `audit · ${event.label}` });
    const found = await auditDataset(project, dataset, { folds, epochs, store, folder, report: toGate, signal });
    const record = toAuditRecord(found, new Date(), slips);
    await keepAudit(folder, record);
    return record.alarms;
  };
}
