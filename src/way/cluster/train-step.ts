/** @file Training as a Job: what it needs is sent, the Job is made or found again, and watched until its model is in the store. */
import type { Artifact } from "../../artifact/types.ts";
import { shortDigest } from "../../base/digest.ts";
import { applyObjects } from "../../deploy/cluster/apply.ts";
import { deleteObject, waitGone } from "../../deploy/cluster/objects.ts";
import { nameJob, toTrainingObjects } from "../../kube/training.ts";
import type { TrainingRun } from "../../kube/types.ts";
import { requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { jobGoesOn, jobLeftNothing } from "../errors.ts";
import type { WayOptions } from "../types.ts";
import { findJob, followJob, stateOf, type JobSubject } from "./follow-job.ts";
import type { ClusterPlace, SharedStore } from "./place.ts";
import { prepareRun, type RunSubject } from "./prepare-run.ts";

export interface TrainedOnCluster {
  artifact: Artifact;
  trained: boolean;
  /** Of the Job that trained it. */
  job?: string;
}

export interface ClusterTrainOptions extends WayOptions {
  /** Hears of the Job when it is there: from then on it goes on without us. */
  onJob?: (job: { name: string; namespace: string; attached: boolean }) => void;
}

/**
 * Trains by a Job that is named by the inputs. One that runs already is watched; one that ended is made anew. Throws what the training
 * said, `jobLeftNothing`, and `jobGoesOn` where we are interrupted.
 */
export async function trainOnCluster(
  project: Project,
  subject: RunSubject,
  place: ClusterPlace,
  { store, inside }: SharedStore,
  options: ClusterTrainOptions,
): Promise<TrainedOnCluster> {
  const { name } = requireTraining(project.definition);
  const { inputs } = subject;
  const job: JobSubject = {
    cluster: place.cluster,
    namespace: place.namespace,
    name: nameJob({ project: name, inputs }),
  };
  const { report, signal } = options;
  const there = await findJob(job);
  const state = stateOf(there);
  const attached = state === "running";
  if (!attached) {
    const run = await prepareRun(project, subject, place, inside, options);
    // A Job cannot be started again, and its pods' template not be changed.
    if (there !== undefined) {
      await deleteObject(
        place.cluster,
        { apiVersion: "batch/v1", kind: "Job", namespace: job.namespace, name: job.name },
        { foreground: true, signal },
      );
      await waitGone(place.cluster, there, { deadlineMs: 60_000, signal });
    }
    report({ step: "train", label: `start the Job ${job.name}` });
    await applyTraining(place, run, options);
  }
  options.onJob?.({ name: job.name, namespace: job.namespace, attached });
  const { deadline = 21_600 } = place.deploy.train ?? {};
  let digest: string | undefined;
  try {
    digest = await followJob(job, { report, signal, deadlineMs: (deadline + 300) * 1000 });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw jobGoesOn({ job: job.name, namespace: job.namespace, context: place.cluster.context }, { cause: error });
  }
  // A log may be lost with its pod; what it trained is found by its inputs all the same.
  const artifact = digest === undefined ? await store.find(name, inputs) : await store.get(`${name}@${digest}`);
  if (artifact === undefined)
    throw jobLeftNothing({ job: job.name, store: store.location, inputs: shortDigest(inputs) });
  return { artifact, trained: true, job: job.name };
}

/** Trainings are a set of their own that only grows: Jobs go by their time to live. */
export async function applyTraining(
  { cluster, namespace }: ClusterPlace,
  run: TrainingRun,
  { report, signal }: Pick<WayOptions, "report" | "signal">,
): Promise<void> {
  await applyObjects(cluster, toTrainingObjects(run), {
    project: run.project,
    namespace,
    set: "training",
    prune: false,
    onWait: (label) => report({ step: "train", label }),
    signal,
  });
}
