/** @file A Job watched from here: its pods' progress as it comes, until it ends. The Job does not need anybody to watch; several may. */
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError, exitCodes } from "../../base/errors.ts";
import type { Report } from "../../base/progress.ts";
import { getObject, listObjects } from "../../deploy/cluster/objects.ts";
import type { Cluster, LiveObject } from "../../deploy/cluster/types.ts";
import { trainerContainer } from "../../kube/job.ts";
import { jobGone, jobUnexplained } from "../errors.ts";
import { parseJobEvent, type JobEvent } from "../job/events.ts";
import { readLog } from "./read-log.ts";

export interface JobSubject {
  cluster: Cluster;
  namespace: string;
  name: string;
}

export interface FollowOptions {
  report: Report;
  /** Every event of every try. */
  onEvent?: (event: JobEvent) => void;
  signal: AbortSignal;
  /** Called now and then while a pod does not start: throws where that will not change. */
  examine?: (pods: readonly LiveObject[]) => Promise<void>;
}

interface JobStatus {
  active?: number;
  failed?: number;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
}

interface ContainerStatus {
  name: string;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: object;
    terminated?: { exitCode: number; reason?: string; signal?: number };
  };
}

export type JobState = "absent" | "running" | "succeeded" | "failed";

export async function findJob({ cluster, namespace, name }: JobSubject): Promise<LiveObject | undefined> {
  return getObject(cluster, { apiVersion: "batch/v1", kind: "Job", namespace, name });
}

export function stateOf(job: LiveObject | undefined): JobState {
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return "absent";
  const { conditions = [] } = (job["status"] ?? {}) as JobStatus;
  const holds = (type: string): boolean => conditions.some((one) => one.type === type && one.status === "True");
  return holds("Complete") ? "succeeded" : holds("Failed") ? "failed" : "running";
}

/** Returns when the Job has succeeded; throws what the last try said, or why the Job failed. */
export async function followJob(subject: JobSubject, options: FollowOptions): Promise<void> {
  const { report, signal } = options;
  const read = new Set<string>();
  let last: Extract<JobEvent, { type: "error" }> | undefined;
  const onEvent = (event: JobEvent): void => {
    if (event.type === "progress") report(event);
    if (event.type === "error") last = event;
    if (event.type === "result") last = undefined;
    options.onEvent?.(event);
  };
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    const [job, pods] = await Promise.all([findJob(subject), listPods(subject)]);
    const state = stateOf(job);
    const pod = pods.find(({ metadata }) => !read.has(metadata.uid) && hasStarted(metadata.uid, pods));
    if (pod !== undefined) {
      // Ends when the container does; the log of one that has ended is read as well.
      await readPod(subject, pod, onEvent, signal);
      read.add(pod.metadata.uid);
      continue;
    }
    if (job === undefined) throw jobGone({ job: subject.name, namespace: subject.namespace });
    if (state === "succeeded") return;
    if (state === "failed") throw explainFailure(job, pods, last);
    const waiting = pods.filter(({ metadata }) => !read.has(metadata.uid));
    report({ step: "train", label: describeWaiting(job, waiting) });
    if (tries % 10 === 9) await options.examine?.(pods);
    await sleep(Math.min(1000, 100 + tries * 50), undefined, { signal });
  }
}

/** Oldest first. */
async function listPods({ cluster, namespace, name }: JobSubject): Promise<LiveObject[]> {
  const labels = { "batch.kubernetes.io/job-name": name };
  const { items } = await listObjects(cluster, { apiVersion: "v1", kind: "Pod", namespace, labels });
  return items.toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
}

function hasStarted(uid: string, pods: readonly LiveObject[]): boolean {
  const pod = pods.find(({ metadata }) => metadata.uid === uid);
  const { containerStatuses = [] } = (pod?.["status"] ?? {}) as PodStatus;
  const state = containerStatuses.find(({ name }) => name === trainerContainer)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

async function readPod(
  { cluster, namespace }: JobSubject,
  pod: LiveObject,
  onEvent: (event: JobEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { name } = pod.metadata;
  const onLine = (line: string): void => {
    const event = parseJobEvent(line);
    if (event !== undefined) onEvent(event);
  };
  await readLog(cluster, { namespace, pod: name, container: trainerContainer, onLine, signal });
}

function describeWaiting(job: LiveObject, pods: readonly LiveObject[]): string {
  const pod = pods.at(-1);
  const { failed = 0 } = (job["status"] ?? {}) as JobStatus;
  const again = failed > 0 ? ` (try ${failed + 1})` : "";
  if (pod === undefined) return failed > 0 ? `wait for the next try${again}` : "wait for a pod";
  const { conditions = [], containerStatuses = [], initContainerStatuses = [] } = (pod["status"] ?? {}) as PodStatus;
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return `wait for a node: ${scheduled.message ?? scheduled.reason ?? ""}`;
  const waiting = [...initContainerStatuses, ...containerStatuses].find(({ state }) => state?.waiting !== undefined);
  const reason = waiting?.state?.waiting?.reason ?? "ContainerCreating";
  return reason === "ContainerCreating" || reason === "PodInitializing" ? `start a pod${again}` : `${reason}${again}`;
}

/** What the program itself said, where it could; else what Kubernetes says of its end. */
function explainFailure(
  job: LiveObject,
  pods: readonly LiveObject[],
  said: Extract<JobEvent, { type: "error" }> | undefined,
): SlipwayError {
  if (said !== undefined) {
    const { code, message, mend, exit, details } = said;
    const known = Object.values(exitCodes).find((one) => one === exit) ?? exitCodes.failed;
    return new SlipwayError({
      code,
      message,
      mend,
      exit: known,
      details: { ...details, job: job.metadata.name },
    });
  }
  const { conditions = [] } = (job["status"] ?? {}) as JobStatus;
  const failure = conditions.find(({ type, status }) => type === "Failed" && status === "True");
  const { containerStatuses = [], reason } = (pods.at(-1)?.["status"] ?? {}) as PodStatus;
  const ended = containerStatuses.find(({ name }) => name === trainerContainer)?.state?.terminated;
  const how = ended === undefined ? reason : `${ended.reason ?? "ended"}, exit code ${ended.exitCode}`;
  return jobUnexplained({
    job: job.metadata.name,
    namespace: job.metadata.namespace ?? "",
    reason: [failure?.reason, failure?.message, how].filter((one) => one !== undefined).join(": "),
  });
}
