/** @file Training by the clock: a CronJob that fetches, trains, judges and moves the alias by itself. */
import type { Digest } from "../../base/digest.ts";
import { applyObjects, type ApplyEvent } from "../../deploy/cluster/apply.ts";
import { deleteObject } from "../../deploy/cluster/objects.ts";
import { nameCronJob, toCronObjects } from "../../kube/training.ts";
import type { TrainingRun } from "../../kube/types.ts";
import type { Project } from "../../project/types.ts";
import { scheduleNeedsFetch } from "../errors.ts";
import type { WayOptions } from "../types.ts";
import type { ClusterPlace } from "./place.ts";
import { prepareRun, type StoreForPods } from "./prepare-run.ts";
import { digestFetched, isFetched } from "./train-way.ts";

/** Refuses before anything is done what could never work: a fixed dataset gives the same model each time. Throws `scheduleNeedsFetch`. */
export function checkSchedule({ deploy }: Pick<ClusterPlace, "deploy">): void {
  const { schedule } = deploy.train ?? {};
  if (schedule !== undefined && !isFetched({ deploy })) throw scheduleNeedsFetch({ schedule });
}

/** Applies the CronJob. */
export async function applySchedule(
  project: Project,
  place: ClusterPlace,
  store: StoreForPods,
  options: WayOptions,
): Promise<readonly ApplyEvent[]> {
  const inputs: Digest = digestFetched(project);
  const run = await prepareRun(project, { inputs }, place, store, options);
  const objects = toCronObjects(toScheduled(run));
  const { events } = await applyObjects(place.cluster, objects, {
    project: project.definition.name,
    namespace: place.namespace,
    set: "training",
    prune: false,
    onWait: (label) => options.report({ step: "schedule", label }),
    signal: options.signal,
  });
  return events;
}

/** Nobody waits for such a training to judge it: its pod does. */
export function toScheduled(run: TrainingRun): TrainingRun {
  return { ...run, env: { ...run.env, SLIPWAY_PROMOTE: "1" } };
}

/** Takes away the CronJob that the project no longer has. Gives whether there was one. */
export function removeSchedule(
  { definition }: Pick<Project, "definition">,
  { cluster, namespace }: ClusterPlace,
  { signal }: Pick<WayOptions, "signal">,
): Promise<boolean> {
  const name = nameCronJob(definition.name);
  return deleteObject(cluster, { apiVersion: "batch/v1", kind: "CronJob", namespace, name }, { signal });
}
