/** @file Takes away what was applied for a project, by its inventories, and nothing else. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  listGroupKinds,
  type InventorySet,
  inventoryId,
  keptKinds,
  parentRef,
  readContents,
  withContents,
} from "./inventory.ts";
import { findMembers } from "./members.ts";
import { findNamespace, isMade } from "./namespace.ts";
import { deleteObject, getObject, listObjects, refOf, waitGone } from "./objects.ts";
import { holdParent } from "./parent.ts";
import type { Cluster, LiveObject, Ref } from "./types.ts";

export interface DownOptions {
  project: string;
  namespace: string;
  /** PersistentVolumeClaims too, with what is on them. Default: they are kept, and with them the inventory that knows them. */
  volumes?: boolean;
  onRemoved?: (ref: Ref & { name: string }) => void;
  /** Something of ours stays, and why. */
  onKept?: (ref: Ref & { name: string }, why: string) => void;
  onWait?: (text: string) => void;
  signal?: AbortSignal | undefined;
}

/** Milliseconds for pods to drain and for objects with finalizers to go. */
const patienceMs = 120_000;
const sets: readonly InventorySet[] = ["server", "training"];

/**
 * Deletes every object of the project's inventories in the reverse order of their making and waits until they are gone; then the
 * inventories, and the namespace where we made it and nobody else put anything into it. Gives what was removed; empty where there was
 * nothing. Throws `applyBusy` while somebody applies, `objectStuck`, `clusterForbidden`.
 */
export async function deleteRelease(cluster: Cluster, options: DownOptions): Promise<(Ref & { name: string })[]> {
  const removed: (Ref & { name: string })[] = [];
  const tell = (object: LiveObject): void => {
    removed.push(refOf(object));
    options.onRemoved?.(refOf(object));
  };
  for (const set of sets) await deleteSet(cluster, set, options, tell);
  await deleteNamespace(cluster, options, tell);
  return removed;
}

async function deleteSet(
  cluster: Cluster,
  set: InventorySet,
  { project, namespace, volumes = false, onKept, onWait, signal }: DownOptions,
  tell: (object: LiveObject) => void,
): Promise<void> {
  const ref = parentRef(project, namespace, set);
  // To hold an inventory makes it where it is missing.
  if ((await getObject(cluster, ref)) === undefined) return;
  const hold = await holdParent(cluster, {
    project,
    namespace,
    set,
    onWait: (holder) => onWait?.(`waiting for ${holder}, who is applying ${project}`),
    signal,
  });
  let released = false;
  try {
    const { kinds, namespaces } = readContents(hold.parent());
    const members = await findMembers(cluster, inventoryId(ref), kinds, [namespace, ...namespaces]);
    const kept = members.filter(({ kind }) => keptKinds.has(kind) && !volumes);
    for (const member of members.filter((each) => !kept.includes(each))) {
      signal?.throwIfAborted();
      await hold.check();
      // In the foreground: a Deployment is gone when its pods are.
      await deleteObject(cluster, refOf(member), { foreground: true, uid: member.metadata.uid, signal });
      await waitGone(cluster, member, { deadlineMs: patienceMs, signal });
      tell(member);
    }
    for (const member of kept) onKept?.(refOf(member), "it holds data; --volumes removes it");
    const parent = await hold.release((at) =>
      withContents(at, { kinds: listGroupKinds(kept), namespaces: kept.length > 0 ? namespaces : [] }),
    );
    released = true;
    if (kept.length === 0 && (await deleteObject(cluster, ref, { signal }))) tell(parent);
  } finally {
    if (!released) await hold.abandon();
  }
}

/** Only one that we made, and only when nothing of others is in it. */
async function deleteNamespace(
  cluster: Cluster,
  { namespace, onKept, signal }: DownOptions,
  tell: (object: LiveObject) => void,
): Promise<void> {
  const found = await findNamespace(cluster, namespace);
  if (found.state !== "there" || !isMade(found.object)) return;
  const strangers = await findStrangers(cluster, namespace);
  if (strangers.length > 0) {
    const [first] = strangers;
    const others = strangers.length > 1 ? ` and ${strangers.length - 1} more` : "";
    onKept?.(refOf(found.object), `${first!.kind} ${first!.metadata.name}${others} is in it`);
    return;
  }
  await deleteObject(cluster, refOf(found.object), { uid: found.object.metadata.uid, signal });
  await waitGone(cluster, found.object, { deadlineMs: patienceMs, signal });
  tell(found.object);
}

/** What people put into namespaces. What Kubernetes itself puts there is none of it. */
const inhabitants: readonly Pick<Ref, "apiVersion" | "kind">[] = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "apps/v1", kind: "StatefulSet" },
  { apiVersion: "apps/v1", kind: "DaemonSet" },
  { apiVersion: "batch/v1", kind: "Job" },
  { apiVersion: "batch/v1", kind: "CronJob" },
  { apiVersion: "v1", kind: "Pod" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "v1", kind: "ConfigMap" },
  { apiVersion: "v1", kind: "Secret" },
  { apiVersion: "v1", kind: "PersistentVolumeClaim" },
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
];

async function findStrangers(cluster: Cluster, namespace: string): Promise<LiveObject[]> {
  // Pods that end are in it for some seconds more.
  for (let attempt = 0; ; attempt++) {
    const lists = await Promise.all(inhabitants.map((kind) => listObjects(cluster, { ...kind, namespace })));
    const found = lists
      .flatMap(({ items }) => items)
      .filter(({ kind, metadata }) => !(kind === "ConfigMap" && metadata.name === "kube-root-ca.crt"));
    if (found.some(({ metadata }) => metadata.deletionTimestamp === undefined) || found.length === 0 || attempt >= 60)
      return found;
    await sleep(1000);
  }
}
