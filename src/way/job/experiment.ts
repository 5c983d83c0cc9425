/** @file One of several experiments in a pod of its own; whichever ends last makes the run of all. Nobody has to wait for the others. */
import { join } from "node:path";
import type { Artifact, Store } from "../../artifact/types.ts";
import type { Digest } from "../../base/digest.ts";
import type { Dataset, Split } from "../../data/types.ts";
import type { Project } from "../../project/types.ts";
import { jobSettingInvalid } from "../errors.ts";
import { findParts, listExperiments, storeBest } from "../experiments.ts";
import { digestInputs } from "../inputs.ts";
import { trainStep, type TrainStepResult } from "../train-step.ts";
import type { WayOptions } from "../types.ts";

export interface ExperimentSettings {
  index: number;
  /** Digest of the whole run's inputs; undefined: computed from the data. */
  inputs: Digest | undefined;
  /** Names the Job; undefined: it is not known which pods belong together. */
  run: string | undefined;
  /** Writable, for checkpoints. */
  work: string;
}

export interface TrainedExperiment extends TrainStepResult {
  /** The run of all; undefined while others are missing. */
  whole: Artifact | undefined;
}

/** Throws `jobSettingInvalid` where the project has no such experiment, and what training throws. */
export async function trainExperiment(
  project: Project,
  data: { dataset: Dataset; split: Split },
  store: Store,
  { index, inputs, run, work }: ExperimentSettings,
  options: WayOptions,
): Promise<TrainedExperiment> {
  const experiments = listExperiments(project, data.dataset) ?? [];
  const one = experiments[index];
  if (one === undefined)
    throw jobSettingInvalid({
      name: "JOB_COMPLETION_INDEX",
      seen: String(index),
      wanted: experiments.length === 0 ? "missing: the project has one training" : `below ${experiments.length}`,
    });
  // By force, what the others left before is not what is asked for.
  const anew = options.force === true ? run : undefined;
  const place = { inputs: one.inputs, workspaces: join(work, "runs"), run: one.train(anew) };
  const found = await trainStep(one.project, data, store, options, place);
  // Stored first, looked for then: whoever is last sees all.
  const parts = await findParts(project, experiments, store, anew);
  if (!parts.every((part) => part !== undefined)) return { ...found, whole: undefined };
  const whole = {
    inputs: inputs ?? (await digestInputs(project, data.dataset)),
    judged: data.split.validation.length > 0,
  };
  return { ...found, whole: await storeBest(project, parts, whole, store) };
}
