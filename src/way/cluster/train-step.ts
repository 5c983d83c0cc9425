/** @file Training as a Job: what it needs is sent, the Job is made or found again, and watched until its model is in the store. */
import type { Artifact } from "../../artifact/types.ts";
import { shortDigest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { applyObjects } from "../../deploy/cluster/apply.ts";
import { applyObject, deleteObject, listObjects, waitGone } from "../../deploy/cluster/objects.ts";
import { pick } from "../../deploy/cluster/shapes.ts";
import { objectRejected } from "../../deploy/errors.ts";
import { nameJob, toTrainingObjects } from "../../kube/training.ts";
import type { TrainingRun } from "../../kube/types.ts";
import { volumePath } from "../../kube/volume.ts";
import type { Project } from "../../project/types.ts";
import { jobGoesOn, jobLeftNothing } from "../errors.ts";
import type { WayOptions } from "../types.ts";
import { findJob, followJob, stateOf, type FollowOptions, type JobResultEvent, type JobSubject } from "./follow-job.ts";
import type { ClusterPlace, SharedStore } from "./place.ts";
import { countPods, prepareRun, type RunSubject, type StoreForPods } from "./prepare-run.ts";

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

/** Trains by a Job, and finds the model in the store that pods and we share. Throws what `runOnCluster` throws, and `jobLeftNothing`. */
export async function trainOnCluster(
  project: Project,
  subject: RunSubject,
  place: ClusterPlace,
  { store, inside }: SharedStore,
  options: ClusterTrainOptions,
): Promise<TrainedOnCluster> {
  const { name } = project.definition;
  const { inputs } = subject;
  const { job, result } = await runOnCluster(project, subject, place, inside, options);
  // A log may be lost with its pod; what it trained is found by its inputs all the same.
  const artifact = result === undefined ? await store.find(name, inputs) : await store.get(`${name}@${result.digest}`);
  if (artifact === undefined) throw jobLeftNothing({ job, store: store.location, inputs: shortDigest(inputs) });
  return { artifact, trained: true, job };
}

/** The same where pods alone see the store: what the Job says of its model is all that we know. It was judged there. Throws `jobLeftNothing` where its log is lost. */
export async function trainOnVolume(
  project: Project,
  subject: RunSubject,
  place: ClusterPlace,
  options: ClusterTrainOptions & Pick<FollowOptions, "onEvent">,
): Promise<JobResultEvent> {
  const store = { path: `${volumePath}/store` };
  const { job, result } = await runOnCluster(project, subject, place, store, options);
  if (result === undefined) throw jobLeftNothing({ job, store: "its log", inputs: shortDigest(subject.inputs) });
  return result;
}

/**
 * Runs the Job that is named by the inputs, to its end. One that runs already is watched; one that ended is made anew, and so is one of other settings
 * of which no pod has begun. Throws what the training said, and `jobGoesOn` where we are interrupted.
 */
export async function runOnCluster(
  project: Project,
  subject: RunSubject,
  place: ClusterPlace,
  store: StoreForPods,
  options: ClusterTrainOptions & Pick<FollowOptions, "onEvent">,
): Promise<{ job: string; result: JobResultEvent | undefined }> {
  const { report, signal, onEvent } = options;
  const { cluster, namespace } = place;
  const name = nameJob({ project: project.definition.name, inputs: subject.inputs });
  const job: JobSubject = { cluster, namespace, name };
  const there = await findJob(job);
  const isRunning = stateOf(there) === "running";
  const begun = isRunning && (await hasBegun(job));
  // Where its pods wait, then perhaps for what is sent now, or because of a setting that is another one now.
  const run = begun ? undefined : await prepareRun(project, subject, place, store, options);
  const attached = isRunning && (run === undefined || (await isOf(run, job, options)));
  if (attached || run === undefined) options.onJob?.({ name, namespace, attached });
  else {
    // A Job cannot be started again, and its pods' template not be changed.
    if (there !== undefined) {
      await deleteObject(
        cluster,
        { apiVersion: "batch/v1", kind: "Job", namespace, name },
        { foreground: true, signal },
      );
      await waitGone(cluster, there, { deadlineMs: 60_000, signal });
    }
    report({ step: "train", label: `start the Job ${name}` });
    await applyTraining(place, run, options);
    options.onJob?.({ name, namespace, attached });
  }
  const { deadline = 21_600 } = place.deploy.train ?? {};
  try {
    const deadlineMs = (deadline + 300) * 1000;
    const completions = countPods(project, subject, place);
    const how = { ...(onEvent && { onEvent }), ...(completions !== undefined && { completions }) };
    return { job: name, result: await followJob(job, { report, signal, deadlineMs, ...how }) };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw jobGoesOn({ job: name, namespace, context: cluster.context }, { cause: error });
  }
}

async function hasBegun({ cluster, namespace, name }: JobSubject): Promise<boolean> {
  const labels = { "batch.kubernetes.io/job-name": name };
  const { items } = await listObjects(cluster, { apiVersion: "v1", kind: "Pod", namespace, labels });
  return pick(items, "Pod").some(({ status }) => (status?.phase ?? "Pending") !== "Pending");
}

/** Whether a Job is what this run would make it. The server is asked, which knows best what is the same: it refuses another template. */
async function isOf(
  run: TrainingRun,
  { cluster, namespace, name }: JobSubject,
  { signal }: Pick<WayOptions, "signal">,
): Promise<boolean> {
  const wanted = toTrainingObjects(run).find((object) => object.kind === "Job" && object.metadata.name === name);
  if (wanted === undefined) return true;
  const object = { ...wanted, metadata: { ...wanted.metadata, namespace } };
  try {
    await applyObject(cluster, object, { dryRun: true, force: true, signal });
    return true;
  } catch (error) {
    if (findSlipwayError(error)?.code !== objectRejected.code) throw error;
    return false;
  }
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
