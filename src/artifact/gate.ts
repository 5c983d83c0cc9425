import type { Artifact, Lineage } from "./types.ts";

/** A floor or ceiling for one metric, and how much worse than the champion it may be. */
export interface MetricGate {
  atLeast?: number;
  atMost?: number;
  notWorseThanChampionBy?: number;
}

/** Looks at the dataset before the alias moves; findings fail the gate. */
export type Audit = (subject: {
  dataset: Lineage["dataset"];
  champion: Artifact | undefined;
}) => Promise<readonly string[]> | readonly string[];
