/** @file What a rollout looks like at one moment, as plain data: who made whom, how each is, and why. Pure. */
import type { Claim, ContainerStatus, Deployment, Job, Pod } from "./shapes.ts";
import { ownedBy, pick } from "./shapes.ts";
import type { LiveObject } from "./types.ts";

export interface TreeNode {
  /** Stable while the object lives: for drawing in place. */
  id: string;
  kind: string;
  name: string;
  /** `leaving`: it is being replaced or removed. */
  state: "waiting" | "working" | "ready" | "failed" | "leaving" | "done";
  /** In a few words: `2 of 3 ready`, `ImagePullBackOff`, `running on node1`. */
  text: string;
  children: TreeNode[];
}

export function drawDeployment(deployment: Deployment, objects: readonly LiveObject[]): TreeNode {
  const { spec, status } = deployment;
  const wanted = spec.replicas ?? 1;
  const updated = status?.updatedReplicas ?? 0;
  const available = status?.availableReplicas ?? 0;
  const sets = pick(objects, "ReplicaSet")
    .filter(ownedBy(deployment))
    .toReversed()
    .map((set, i) => {
      const pods = pick(objects, "Pod").filter(ownedBy(set));
      const leaving = i > 0;
      return { set, pods, node: drawSet(set.metadata, set.spec.replicas ?? 0, pods, leaving) };
    })
    // Those of earlier releases are kept for going back, and hold no pods.
    .filter(({ set, pods }, i) => i === 0 || pods.length > 0 || (set.spec.replicas ?? 0) > 0);
  const done = isRolledOut(deployment);
  return {
    id: deployment.metadata.uid,
    kind: "Deployment",
    name: deployment.metadata.name,
    state: done ? "ready" : "working",
    text: done ? `${available} of ${wanted} available` : `${updated} of ${wanted} updated, ${available} available`,
    children: sets.map(({ node }) => node),
  };
}

export function drawJob(job: Job, objects: readonly LiveObject[]): TreeNode {
  const { status = {}, metadata } = job;
  const ended = (status.conditions ?? []).find(
    ({ type, status: is }) => ["Complete", "Failed"].includes(type) && is === "True",
  );
  return {
    id: metadata.uid,
    kind: "Job",
    name: metadata.name,
    state: ended === undefined ? "working" : ended.type === "Complete" ? "done" : "failed",
    text:
      ended === undefined
        ? `${status.active ?? 0} active`
        : ended.type === "Complete"
          ? "complete"
          : (ended.reason ?? "failed"),
    children: pick(objects, "Pod")
      .filter(ownedBy(job))
      .map((pod) => drawPod(pod, false)),
  };
}

export function drawClaims(names: readonly string[], found: readonly Claim[]): TreeNode {
  const children = names.map((name): TreeNode => {
    const claim = found.find(({ metadata }) => metadata.name === name);
    const phase = claim?.status?.phase ?? "missing";
    return {
      id: claim?.metadata.uid ?? name,
      kind: "PersistentVolumeClaim",
      name,
      state: phase === "Bound" ? "ready" : phase === "Lost" ? "failed" : "waiting",
      text: phase.toLowerCase(),
      children: [],
    };
  });
  const bound = children.filter(({ state }) => state === "ready").length;
  const done = bound === names.length;
  return {
    id: "claims",
    kind: "volumes",
    name: "",
    state: done ? "ready" : "waiting",
    text: `${bound} of ${names.length} bound`,
    children,
  };
}

/** Its controller has seen what was applied, and every pod is of it and available. */
export function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1) &&
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted
  );
}

/** Depth first, parents before their children. */
export function* walkTree(node: TreeNode, depth = 0): Generator<{ node: TreeNode; depth: number }> {
  yield { node, depth };
  for (const child of node.children) yield* walkTree(child, depth + 1);
}

function drawSet(
  { uid, name }: LiveObject["metadata"],
  wanted: number,
  pods: readonly Pod[],
  leaving: boolean,
): TreeNode {
  const children = pods.map((pod) => drawPod(pod, leaving));
  const ready = children.filter(({ state }) => state === "ready").length;
  const state = leaving ? "leaving" : ready >= wanted && wanted > 0 ? "ready" : "working";
  const text = leaving ? `earlier release, ${pods.length} left` : `${ready} of ${wanted} ready`;
  return { id: uid, kind: "ReplicaSet", name, state, text, children };
}

function drawPod(pod: Pod, leaving: boolean): TreeNode {
  const { metadata, spec, status } = pod;
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const children = statuses.map((one) => drawContainer(metadata.uid, one));
  const on = spec.nodeName === undefined ? "" : ` on ${spec.nodeName}`;
  const base = { id: metadata.uid, kind: "Pod", name: metadata.name, children };
  if (metadata.deletionTimestamp !== undefined) return { ...base, state: "leaving", text: `stopping${on}` };
  if (status?.phase === "Succeeded") return { ...base, state: "done", text: `completed${on}` };
  if (status?.phase === "Failed") return { ...base, state: "failed", text: status.reason ?? `failed${on}` };
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return { ...base, state: "waiting", text: scheduled.reason ?? "not scheduled" };
  const ready = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
  if (ready) return { ...base, state: leaving ? "leaving" : "ready", text: `ready${on}` };
  const failed = children.find(({ state }) => state === "failed");
  if (failed !== undefined) return { ...base, state: "failed", text: failed.text + on };
  return {
    ...base,
    state: "working",
    text: `${children.find(({ state }) => state !== "ready")?.text ?? "starting"}${on}`,
  };
}

const starting = new Set(["ContainerCreating", "PodInitializing"]);

function drawContainer(pod: string, { name, ready, state, restartCount, lastState }: ContainerStatus): TreeNode {
  const again = restartCount > 0 ? `, restarted ${restartCount} ${restartCount === 1 ? "time" : "times"}` : "";
  const base = { id: `${pod}/${name}`, kind: "Container", name, children: [] };
  const waiting = state?.waiting;
  if (waiting !== undefined) {
    const reason = waiting.reason ?? "waiting";
    return starting.has(reason)
      ? { ...base, state: "waiting", text: `starting${again}` }
      : { ...base, state: "failed", text: reason + again };
  }
  const ended = state?.terminated;
  if (ended !== undefined)
    return ended.exitCode === 0
      ? { ...base, state: "done", text: "completed" }
      : { ...base, state: "failed", text: `${ended.reason ?? "ended"}, exit code ${ended.exitCode}${again}` };
  if (ready) return { ...base, state: "ready", text: `ready${again}` };
  const before = lastState?.terminated;
  return {
    ...base,
    state: "working",
    text: before === undefined ? "running, not ready" : `running, not ready${again}`,
  };
}
