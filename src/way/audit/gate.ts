import { join } from "node:path";
import type { Store } from "../../artifact/types.ts";
import type { LabelAudit } from "../../data/audit/define.ts";
import type { Dataset } from "../../data/types.ts";
import type { Project } from "../../project/types.ts";
import type { WayOptions } from "../types.ts";
import { listAlarms } from "./describe.ts";
import { auditDataset } from "./run.ts";

/** Runs the audit that a project file declares; gives its findings. */
export type LabelAuditor = (audit: LabelAudit) => Promise<readonly string[]>;

/** For the gate, where the data are at hand. `folder` keeps what models said, so that the same data are judged once. */
export function createLabelAuditor(
  project: Project,
  dataset: Dataset,
  store: Store,
  { report, signal }: Pick<WayOptions, "report" | "signal">,
  folder = join(project.root, ".slipway", "audit"),
): LabelAuditor {
  return async ({ folds, epochs, slips }) => {
    const toGate: typeof report = (event) => report({ ...event, step: "gate", label: `audit · ${event.label}` });
    const found = await auditDataset(project, dataset, { folds, epochs, store, folder, report: toGate, signal });
    return listAlarms(found, slips);
  };
}
