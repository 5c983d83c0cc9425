import { specifyJob } from "./job.ts";
import type { Place } from "./place.ts";
import { domain, type KubeObject, type TrainingRun } from "./types.ts";

/** Where the project says nothing. */
export const usualTimeZone = "Etc/UTC";

/** Trains when the time comes, never two at once; a time that was missed by more than five minutes is left out. */
export function makeCronJob(place: Place, run: TrainingRun, account: string, schedule: string): KubeObject {
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { ...place, annotations: { [`${domain}/inputs`]: run.inputs } },
    spec: {
      schedule,
      timeZone: run.deploy.train?.timeZone ?? usualTimeZone,
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: { metadata: { labels: place.labels }, spec: specifyJob(run, account) },
    },
  };
}
