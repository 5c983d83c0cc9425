import type { Store } from "../artifact/types.ts";
import type { Dataset, Split } from "../data/types.ts";
import type { Project } from "../project/types.ts";
import { createLabelAuditor } from "./audit/gate.ts";
import type { GateData } from "./gate-step.ts";
import { createChampionMeter } from "./measure-champion.ts";
import type { WayOptions } from "./types.ts";

/** What the gate does where the data are: audit their labels, and ask the champion about the rows that the candidate was validated on. */
export function createGateData(
  project: Project,
  { dataset, split }: { dataset: Dataset; split: Split },
  store: Store,
  options: Pick<WayOptions, "report" | "signal">,
  auditFolder?: string,
): GateData {
  return {
    audit: createLabelAuditor(project, dataset, store, options, auditFolder),
    measure: createChampionMeter({ dataset, split }, store, options),
  };
}
