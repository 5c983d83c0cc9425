/** @file What runs of a project on a cluster, in one look. */
import { componentLabel, projectLabel } from "../../kube/labels.ts";
import { toLabelValue } from "../../kube/names.ts";
import { askHttp } from "../../base/ask.ts";
import { nanosPerUnit, parseQuantity } from "../../base/quantity.ts";
import { domain } from "../../kube/types.ts";
import type { Replica, TargetStatus, TrainingStatus } from "../target.ts";
import { type Endpoint, findEndpoints, modelHeader } from "./endpoint.ts";
import { examineProject } from "./examine.ts";
import { forwardPort } from "./forward.ts";
import { readHistory } from "./history.ts";
import { listVisible } from "./objects.ts";
import { type Deployment, type Job, isReady, isTrue, pick, type Pod } from "./shapes.ts";
import type { Cluster, LiveObject } from "./types.ts";

export async function readClusterStatus(
  cluster: Cluster,
  place: { project: string; namespace: string },
): Promise<TargetStatus> {
  const { project, namespace } = place;
  const labels = { [projectLabel]: toLabelValue(project) };
  const list = (apiVersion: string, kind: string): Promise<LiveObject[]> =>
    listVisible(cluster, { apiVersion, kind, namespace, labels });
  const [releases, { findings, objects }, crons, usage, endpoints] = await Promise.all([
    readHistory(cluster, place),
    examineProject(cluster, place),
    list("batch/v1", "CronJob"),
    list("metrics.k8s.io/v1beta1", "PodMetrics"),
    findEndpoints(cluster, place),
  ]);
  const [deployment] = pick(objects, "Deployment");
  const serving = pick(objects, "Pod").filter(({ metadata }) => metadata.labels?.[componentLabel] === "server");
  const release = releases.at(-1);
  const released = deployment?.metadata.annotations?.[`${domain}/model`] ?? release?.model;
  const follows = deployment?.spec.template.metadata?.annotations?.[`${domain}/model`]?.includes("@") === false;
  // Where an alias is followed, its pods alone know what came of it since the release.
  const served = follows ? await askModel(cluster, namespace, deployment, serving, endpoints) : undefined;
  const model = served ?? released;
  return {
    target: cluster.context,
    namespace,
    state: deployment === undefined ? "stopped" : stateOf(deployment, serving),
    ...(release !== undefined && { release: release.number, image: release.image }),
    ...(model !== undefined && { model: model.slice(model.indexOf("@") + 1) }),
    urls: endpoints.filter(({ reachable }) => reachable).map(({ url }) => url),
    replicas: serving.map((pod) => toReplica(pod, usage)),
    trainings: [...pick(objects, "Job").map(toTraining), ...crons.map(toSchedule)],
    findings: findings.map(({ cause, mend }) => ({ cause, mend })),
  };
}

/** Of whatever answers; undefined where nothing does. */
async function askModel(
  cluster: Cluster,
  namespace: string,
  { spec }: Deployment,
  pods: readonly Pod[],
  endpoints: readonly Endpoint[],
): Promise<string | undefined> {
  const known = endpoints.find(({ model }) => model !== undefined)?.model;
  const port = spec.template.spec.containers[0]?.ports?.[0]?.containerPort;
  if (known !== undefined || port === undefined || !pods.some(isReady)) return known;
  try {
    const reached = await forwardPort(cluster, { namespace, labels: spec.selector.matchLabels, port });
    try {
      const { headers } = await askHttp(`${reached.url}/readyz`, { agent: false, signal: AbortSignal.timeout(2000) });
      const model = headers[modelHeader];
      return typeof model === "string" ? model : undefined;
    } finally {
      await reached.close();
    }
  } catch {
    // Not let through, or gone since: what was released is what can be told.
    return undefined;
  }
}

function stateOf({ metadata, spec, status = {} }: Deployment, pods: readonly Pod[]): TargetStatus["state"] {
  const { replicas = 1 } = spec;
  const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (
    observedGeneration >= (metadata.generation ?? 0) &&
    updatedReplicas === replicas &&
    availableReplicas === replicas
  )
    return "running";
  const stalled = status.conditions?.some(
    ({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded",
  );
  const broken = pods.some(({ status: at }) =>
    (at?.containerStatuses ?? []).some(({ state }) => /BackOff|Err|Invalid/.test(state?.waiting?.reason ?? "")),
  );
  return stalled === true || broken ? "failing" : "updating";
}

function toReplica(pod: Pod, usage: readonly LiveObject[]): Replica {
  const { metadata, spec, status } = pod;
  const [container] = status?.containerStatuses ?? [];
  const { waiting, terminated } = container?.state ?? {};
  const memory = readMemory(usage.find((one) => one.metadata.name === metadata.name));
  return {
    name: metadata.name,
    ready: isReady(pod),
    state:
      metadata.deletionTimestamp === undefined
        ? (waiting?.reason ?? terminated?.reason ?? status?.reason ?? (status?.phase ?? "Unknown").toLowerCase())
        : "ending",
    restarts: container?.restartCount ?? 0,
    ...(spec.nodeName !== undefined && { node: spec.nodeName }),
    ...(memory !== undefined && { memory }),
    ...(status?.startTime !== undefined && { startedAt: status.startTime }),
  };
}

/** Of the whole pod, where metrics are served. Bytes. */
function readMemory(metrics: LiveObject | undefined): number | undefined {
  const containers = (metrics?.["containers"] ?? []) as { usage?: { memory?: string } }[];
  if (containers.length === 0) return undefined;
  const nanos = containers.reduce((sum, { usage }) => sum + (parseQuantity(usage?.memory ?? "0") ?? 0n), 0n);
  return Number(nanos / nanosPerUnit);
}

function toTraining({ metadata, status = {} }: Job): TrainingStatus {
  const failed = isTrue(status.conditions, "Failed");
  const done = isTrue(status.conditions, "Complete");
  return {
    name: metadata.name,
    state: failed ? "failed" : done ? "succeeded" : "running",
    ...(status.startTime !== undefined && { startedAt: status.startTime }),
  };
}

function toSchedule({ metadata, ...cron }: LiveObject): TrainingStatus {
  const { schedule } = (cron["spec"] ?? {}) as { schedule?: string };
  const { lastScheduleTime } = (cron["status"] ?? {}) as { lastScheduleTime?: string };
  return {
    name: metadata.name,
    state: "scheduled",
    ...(schedule !== undefined && { schedule }),
    ...(lastScheduleTime !== undefined && { startedAt: lastScheduleTime }),
  };
}
