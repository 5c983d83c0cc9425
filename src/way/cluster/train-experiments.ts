/** @file Experiments as an Indexed Job: all at once, each in a pod of its own, and the best of them as the run's model. */
import type { Artifact } from "../../artifact/types.ts";
import { shortDigest, type Digest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import type { Dataset, Split } from "../../data/types.ts";
import { nameJob } from "../../kube/training.ts";
import type { Project } from "../../project/types.ts";
import { jobLeftNothing } from "../errors.ts";
import { findParts, storeBest, type Experiment, type Part } from "../experiments.ts";
import type { JobEvent } from "../job/events.ts";
import { findJob, stateOf } from "./follow-job.ts";
import type { ClusterPlace, SharedStore } from "./place.ts";
import { runOnCluster, type ClusterTrainOptions, type TrainedOnCluster } from "./train-step.ts";

export interface ExperimentsSubject {
  experiments: readonly Experiment[];
  dataset: Dataset;
  split: Split;
  /** Digest of the whole run's inputs. */
  inputs: Digest;
}

/**
 * What was trained before, in whatever run, is not trained again. Where some experiments fail, the best of the others is given, and the failures are in
 * its lineage. Throws what `runOnCluster` throws where none could be trained.
 */
export async function trainExperimentsOnCluster(
  project: Project,
  { experiments, dataset, split, inputs }: ExperimentsSubject,
  place: ClusterPlace,
  { store, inside }: SharedStore,
  options: ClusterTrainOptions,
): Promise<TrainedOnCluster> {
  const { name } = project.definition;
  const whole = { inputs, judged: split.validation.length > 0 };
  if (options.force !== true) {
    const known = await findParts(project, experiments, store);
    if (isWhole(known)) return { artifact: await storeBest(project, known, whole, store), trained: false };
  }
  const failures = new Map<number, string>();
  const onEvent = (event: JobEvent, index: number | undefined): void => {
    if (index === undefined) return;
    if (event.type === "error") failures.set(index, event.message);
    // Another try of it.
    else failures.delete(index);
  };
  const subject = { inputs, dataset };
  try {
    const { job, result } = await runOnCluster(project, subject, place, inside, { ...options, onEvent });
    if (result !== undefined) return { artifact: await store.get(`${name}@${result.digest}`), trained: true, job };
    const parts = await findParts(project, experiments, store);
    if (isWhole(parts)) return { artifact: await storeBest(project, parts, whole, store), trained: true, job };
    throw jobLeftNothing({ job, store: store.location, inputs: shortDigest(inputs) });
  } catch (error) {
    options.signal.throwIfAborted();
    const job = nameJob({ project: name, inputs });
    if (findSlipwayError(error)?.code === jobLeftNothing.code || !(await hasFailed(place, job))) throw error;
    const found = await findParts(project, experiments, store);
    const parts = found.map((part, index): Part => {
      // By force: what was there before is not what was asked for.
      const failed = part === undefined || options.force === true ? failures.get(index) : undefined;
      return failed === undefined && part !== undefined ? part : { failed: failed ?? "its pod ended without a word" };
    });
    if (parts.every((part) => "failed" in part)) throw error;
    return { artifact: await storeBest(project, parts, whole, store), trained: true, job };
  }
}

function isWhole(parts: readonly (Artifact | undefined)[]): parts is readonly Artifact[] {
  return parts.every((part) => part !== undefined);
}

async function hasFailed({ cluster, namespace }: ClusterPlace, name: string): Promise<boolean> {
  return stateOf(await findJob({ cluster, namespace, name })) === "failed";
}
