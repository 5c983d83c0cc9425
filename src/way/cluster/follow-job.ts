/** @file A Job watched from here: its pods' progress as it comes, until it ends. The Job does not need anybody to watch; several may. */
import { SlipwayError, exitCodes } from "../../base/errors.ts";
import type { Report } from "../../base/progress.ts";
import type { Finding } from "../../deploy/cluster/explain/finding.ts";
import { podLogs, type LogLine } from "../../deploy/cluster/logs.ts";
import { getObject } from "../../deploy/cluster/objects.ts";
import { watchJob } from "../../deploy/cluster/rollout.ts";
import type { TreeNode } from "../../deploy/cluster/tree.ts";
import { findCondition, type Job } from "../../deploy/cluster/shapes.ts";
import type { Cluster } from "../../deploy/cluster/types.ts";
import { trainerContainer } from "../../kube/job.ts";
import { parseJobEvent, type JobEvent } from "../job/events.ts";

export interface JobSubject {
  cluster: Cluster;
  namespace: string;
  name: string;
}

export interface FollowOptions {
  report: Report;
  /** Every event of every try; of an Indexed Job with the pod's index. */
  onEvent?: (event: JobEvent, index: number | undefined) => void;
  /** Of an Indexed Job. */
  completions?: number;
  /** Milliseconds after which waiting makes no sense: the Job's own deadline, and some. */
  deadlineMs: number;
  signal: AbortSignal;
}

export type JobResultEvent = Extract<JobEvent, { type: "result" }>;

export type JobState = "absent" | "running" | "succeeded" | "failed";

export async function findJob({ cluster, namespace, name }: JobSubject): Promise<Job | undefined> {
  return (await getObject(cluster, { apiVersion: "batch/v1", kind: "Job", namespace, name })) as Job | undefined;
}

export function stateOf(job: Job | undefined): JobState {
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return "absent";
  const holds = (type: string): boolean => findCondition(job.status?.conditions, type)?.status === "True";
  return holds("Complete") || holds("SuccessCriteriaMet")
    ? "succeeded"
    : holds("Failed") || holds("FailureTarget")
      ? "failed"
      : "running";
}

/**
 * Returns when a pod said that its model is stored (with what it said of it), or the Job is complete. Throws what the last try said, or `rolloutFailed` with what
 * keeps its pods from running.
 */
export async function followJob(subject: JobSubject, options: FollowOptions): Promise<JobResultEvent | undefined> {
  const { cluster, namespace, name } = subject;
  const { report, deadlineMs, completions } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const stored = Promise.withResolvers<JobResultEvent>();
  /** The error that the last try ended with, of each index. */
  const said = new Map<number | undefined, Extract<JobEvent, { type: "error" }>>();
  let speaks = false;
  const onLine = ({ pod, text }: LogLine): void => {
    const event = parseJobEvent(text);
    if (event === undefined) return;
    const index = readIndex(pod, completions);
    speaks = event.type !== "error";
    if (event.type === "error") said.set(index, event);
    else said.delete(index);
    if (event.type === "progress") report({ ...event, label: nameLabel(event.label, index, completions) });
    options.onEvent?.(event, index);
    if (event.type === "result") stored.resolve(event);
  };
  const onTree = (tree: TreeNode, findings: readonly Finding[]): void => {
    // The pod tells more than its state does.
    if (!speaks) report({ step: "train", label: describeWaiting(tree, findings) });
  };
  const labels = { "batch.kubernetes.io/job-name": name };
  const logs = podLogs(cluster, {
    namespace,
    labels,
    container: trainerContainer,
    follow: true,
    onLine,
    signal,
  });
  const watch = watchJob(cluster, { namespace, job: name, deadlineMs, onTree, signal });
  try {
    // It may have ended before anybody read along.
    const complete = watch.then(() => readResult(subject, options));
    return await Promise.race([stored.promise, complete, logs.then(() => complete)]);
  } catch (error) {
    options.signal.throwIfAborted();
    const [last] = said.values();
    throw last === undefined ? error : toError(last, name);
  } finally {
    ended.abort();
    // They end by the signal; what they throw by then is that.
    await Promise.allSettled([logs, watch]);
  }
}

/** From the logs that there are; undefined where they are gone. */
async function readResult(
  { cluster, namespace, name }: JobSubject,
  { onEvent, completions, signal }: FollowOptions,
): Promise<JobResultEvent | undefined> {
  let result: JobResultEvent | undefined;
  const onLine = ({ pod, text }: LogLine): void => {
    const event = parseJobEvent(text);
    if (event === undefined || event.type === "progress") return;
    onEvent?.(event, readIndex(pod, completions));
    if (event.type === "result") result = event;
  };
  const labels = { "batch.kubernetes.io/job-name": name };
  await podLogs(cluster, { namespace, labels, container: trainerContainer, onLine, signal });
  return result;
}

/** An Indexed Job's pods are named `<job>-<index>-<five characters>`. */
function readIndex(pod: string, completions: number | undefined): number | undefined {
  const found = completions === undefined ? undefined : /-(\d+)-[a-z0-9]+$/.exec(pod)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** `experiment 2 of 3 · grow trees`: counted as people count. */
function nameLabel(label: string, index: number | undefined, completions: number | undefined): string {
  return index === undefined ? label : `experiment ${index + 1} of ${completions} · ${label}`;
}

function describeWaiting(tree: TreeNode, findings: readonly Finding[]): string {
  const [finding] = findings;
  if (finding !== undefined) return finding.cause;
  const pod = tree.children.at(-1);
  return pod === undefined ? "wait for a pod" : `${pod.name}: ${pod.text}`;
}

/** The program's own error, as it would be here. */
function toError(
  { code, message, mend, exit, details }: Extract<JobEvent, { type: "error" }>,
  job: string,
): SlipwayError {
  const known = Object.values(exitCodes).find((one) => one === exit) ?? exitCodes.failed;
  return new SlipwayError({ code, message, mend, exit: known, details: { ...details, job } });
}
