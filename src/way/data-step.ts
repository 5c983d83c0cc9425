import { openDataset } from "../data/open.ts";
import { splitDataset } from "../data/split.ts";
import { holdLock } from "../data/status.ts";
import type { Dataset, Split } from "../data/types.ts";
import { requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import type { WayOptions } from "./types.ts";

export interface DataStepResult {
  dataset: Dataset;
  split: Split;
  /** The lock was written now: the data is used for the first time. */
  locked: boolean;
  /** How many new rows of growing data the lock took in. */
  grown: number;
}

/** Reads the dataset, holds it against the lock (or writes the first one) and splits it as the trainer wants. A sample is not locked, nor are data named on the command line. */
export async function dataStep(
  project: Project,
  { report, signal, sample = false }: WayOptions,
): Promise<DataStepResult> {
  const { data, train } = requireTraining(project.definition);
  const dataset = await openDataset(data, { root: project.root, report, signal, sample });
  const { made, grown } =
    sample || project.unlocked === true ? { made: false, grown: 0 } : holdLock(dataset, project.root);
  const split = splitDataset(dataset, { validation: train.validation, seed: train.seed });
  return { dataset, split, locked: made, grown };
}
