/** @file Makes a cluster hold exactly the objects of a project: tried first, applied in order, then what the project no longer has is removed. */
import { findSlipwayError } from "../../base/errors.ts";
import { makeNamespace } from "../../kube/namespace.ts";
import type { KubeObject } from "../../kube/types.ts";
import { fieldConflict, objectsRejected } from "../errors.ts";
import { addRelease, type NewRelease, type Release } from "./history.ts";
import {
  findKinds,
  type InventorySet,
  inventoryId,
  keptKinds,
  listGroupKinds,
  markMember,
  parentRef,
  rankOf,
  readContents,
  withContents,
} from "./inventory.ts";
import { findMembers } from "./members.ts";
import { ensureNamespace, findNamespace, isMade } from "./namespace.ts";
import { deleteObject, getObject, refOf } from "./objects.ts";
import { type Hold, holdParent } from "./parent.ts";
import { applyTrial, type Trial, tryObjects } from "./trial.ts";
import type { Cluster, LiveObject, Ref } from "./types.ts";

export type ApplyAction = "created" | "changed" | "unchanged" | "removed" | "kept" | "foreign";

export interface ApplyEvent {
  ref: Ref & { name: string };
  /** `kept`: no longer the project's, but it holds data. `foreign`: a namespace that others made and that stays as it is. */
  action: ApplyAction;
}

export interface ApplyOptions {
  project: string;
  /** Of the objects that name none, and of the inventory. */
  namespace: string;
  /** Default `server`. The objects of a training are a set of their own. */
  set?: InventorySet;
  /** Removes what the set had and the objects have no more. Default true; false for sets that only grow (trainings). */
  prune?: boolean;
  /** Removes PersistentVolumeClaims as well. */
  volumes?: boolean;
  /** Takes over fields that others manage. */
  forceConflicts?: boolean;
  /** The server tries it all and keeps nothing. */
  dryRun?: boolean;
  /** Noted in the history once all is applied. */
  release?: NewRelease;
  onEvent?: (event: ApplyEvent) => void;
  onWait?: (text: string) => void;
  signal?: AbortSignal;
}

export interface ApplyResult {
  events: ApplyEvent[];
  /** As the server has them now. */
  live: LiveObject[];
  release?: Release;
}

/**
 * Server-side apply of a project's objects as our field manager, then pruning by inventory. All of it is tried before anything is
 * changed, and one project is applied by one at a time: a second waits. Throws `fieldConflict`, `objectRejected`, `objectsRejected`,
 * `kindUnknown`, `clusterForbidden`, `applyBusy`, `applyOvertaken`.
 */
export async function applyObjects(
  cluster: Cluster,
  objects: readonly KubeObject[],
  options: ApplyOptions,
): Promise<ApplyResult> {
  const { project, namespace, set = "server", prune = true, dryRun = false, signal } = options;
  const parent = parentRef(project, namespace, set);
  const id = inventoryId(parent);
  const [spaces, members] = await prepare(cluster, objects, namespace, id);
  const { state } = await findNamespace(cluster, namespace);
  const fresh = state === "missing" || state === "ending";
  const trials = await tryAll(cluster, members, { fresh, force: options.forceConflicts ?? false, signal });

  const events: ApplyEvent[] = [];
  const tell = (event: ApplyEvent): void => {
    events.push(event);
    options.onEvent?.(event);
  };
  if (dryRun) {
    for (const wanted of spaces) {
      const found = await findNamespace(cluster, wanted.metadata.name);
      const ours = "object" in found && isMade(found.object);
      tell({ ref: refOf(wanted), action: found.state === "missing" ? "created" : ours ? "unchanged" : "foreign" });
    }
    for (const trial of trials) tell({ ref: refOf(trial.object), action: trial.action });
    const held = fresh ? undefined : await getObject(cluster, parent);
    if (prune && held !== undefined)
      for (const member of await findStale(cluster, held, members, id))
        tell({ ref: refOf(member), action: isKept(member, options) ? "kept" : "removed" });
    return { events, live: trials.flatMap(({ result }) => result ?? []) };
  }

  for (const wanted of spaces) {
    const action = await ensureNamespace(cluster, wanted, {
      ...(options.onWait && { onWait: options.onWait }),
      signal,
    });
    tell({ ref: refOf(wanted), action });
  }
  const hold = await holdParent(cluster, {
    project,
    namespace,
    set,
    onWait: (holder) => options.onWait?.(`waiting for ${holder}, who is applying ${project}`),
    signal,
  });
  let released = false;
  try {
    // First what may be there, then what is there: whoever reads it in between, or after a crash, misses no member.
    const before = readContents(hold.parent());
    const kinds = listGroupKinds(members);
    const namespaces = listNamespaces(members, namespace);
    await hold.change((at) =>
      withContents(at, { kinds: [...before.kinds, ...kinds], namespaces: [...before.namespaces, ...namespaces] }),
    );
    const live = await applyInOrder(cluster, trials, hold, tell, signal);
    const stale = prune ? await findStale(cluster, hold.parent(), members, id) : [];
    const kept = await removeStale(cluster, stale, hold, options, tell);
    const left = prune
      ? {
          kinds: [...kinds, ...listGroupKinds(kept), ...findKinds(before.kinds).unknown],
          namespaces: [...namespaces, ...listNamespaces(kept, namespace)],
        }
      : readContents(hold.parent());
    let release: Release | undefined;
    await hold.release((at) => {
      const fact = options.release && { ...options.release, target: cluster.context };
      const noted = fact === undefined ? undefined : addRelease(at, fact, isQuiet(events));
      release = noted?.release;
      return withContents(noted?.parent ?? at, left);
    });
    released = true;
    return { events, live, ...(release && { release }) };
  } finally {
    if (!released) await hold.abandon();
  }
}

/** Namespaces on their own, everything else with its namespace and the inventory's mark. */
async function prepare(
  cluster: Cluster,
  objects: readonly KubeObject[],
  namespace: string,
  id: string,
): Promise<[spaces: KubeObject[], members: KubeObject[]]> {
  const spaces = objects.filter(({ kind }) => kind === "Namespace");
  if (
    !spaces.some(({ metadata }) => metadata.name === namespace) &&
    (await findNamespace(cluster, namespace)).state === "missing"
  )
    spaces.unshift(makeNamespace(namespace));
  const others = objects.filter(({ kind }) => kind !== "Namespace");
  const members = await Promise.all(
    others.map(async (object) => {
      const { namespaced } = await cluster.findResource(object.apiVersion, object.kind);
      const placed = namespaced ? { ...object, metadata: { namespace, ...object.metadata } } : object;
      return markMember(placed, id);
    }),
  );
  return [spaces, members];
}

/** Tries all, and reports all that would fail: conflicts together, other faults together. */
async function tryAll(
  cluster: Cluster,
  members: readonly KubeObject[],
  options: Parameters<typeof tryObjects>[2],
): Promise<Trial[]> {
  const { trials, faults } = await tryObjects(cluster, members, options);
  const [first] = faults;
  if (first === undefined) return trials;
  const others = faults.filter((error) => findSlipwayError(error)?.code !== fieldConflict.code);
  if (others.length === 0) {
    type Conflicts = Parameters<typeof fieldConflict>[0]["conflicts"];
    const conflicts = faults.flatMap((error) => (findSlipwayError(error)?.details["conflicts"] ?? []) as Conflicts);
    throw fieldConflict({ conflicts, context: cluster.context }, { cause: first });
  }
  if (faults.length === 1) throw first;
  throw objectsRejected({ faults: faults.map(({ message }) => message) }, { cause: first });
}

async function applyInOrder(
  cluster: Cluster,
  trials: readonly Trial[],
  hold: Hold,
  tell: (event: ApplyEvent) => void,
  signal: AbortSignal | undefined,
): Promise<LiveObject[]> {
  const live: LiveObject[] = [];
  const ranks = [...new Set(trials.map(({ object }) => rankOf(object)))].toSorted((a, b) => a - b);
  for (const rank of ranks) {
    signal?.throwIfAborted();
    await hold.check();
    const group = trials.filter(({ object }) => rankOf(object) === rank);
    const applied = await Promise.all(group.map((trial) => applyTrial(cluster, trial, signal)));
    for (const { object, action } of applied) {
      live.push(object);
      tell({ ref: refOf(object), action });
    }
  }
  return live;
}

/** Members that are not among the objects any more, in the order in which they are to go. */
async function findStale(
  cluster: Cluster,
  parent: LiveObject,
  members: readonly KubeObject[],
  id: string,
): Promise<LiveObject[]> {
  const wanted = new Set(members.map(keyOf));
  const { kinds, namespaces } = readContents(parent);
  const found = await findMembers(cluster, id, kinds, [parent.metadata.namespace ?? "default", ...namespaces]);
  return found.filter((member) => !wanted.has(keyOf(member)) && member.metadata.deletionTimestamp === undefined);
}

/** Gives what stays. */
async function removeStale(
  cluster: Cluster,
  stale: readonly LiveObject[],
  hold: Hold,
  options: ApplyOptions,
  tell: (event: ApplyEvent) => void,
): Promise<LiveObject[]> {
  const kept: LiveObject[] = [];
  for (const member of stale) {
    if (isKept(member, options)) {
      kept.push(member);
      tell({ ref: refOf(member), action: "kept" });
      continue;
    }
    await hold.check();
    const removed = await deleteObject(cluster, refOf(member), { uid: member.metadata.uid, signal: options.signal });
    if (removed) tell({ ref: refOf(member), action: "removed" });
  }
  return kept;
}

/** Nothing was done: the same release stands. */
function isQuiet(events: readonly ApplyEvent[]): boolean {
  return events.every(({ action }) => action === "unchanged" || action === "foreign" || action === "kept");
}

function isKept({ kind }: KubeObject, { volumes = false }: ApplyOptions): boolean {
  return keptKinds.has(kind) && !volumes;
}

function listNamespaces(objects: readonly KubeObject[], own: string): string[] {
  return objects.flatMap(({ metadata }) =>
    metadata.namespace === undefined || metadata.namespace === own ? [] : [metadata.namespace],
  );
}

function keyOf({ apiVersion, kind, metadata }: KubeObject): string {
  return [apiVersion.split("/").at(-2) ?? "", kind, metadata.namespace ?? "", metadata.name].join("/");
}
