/** @file The inventory's parent in the cluster: made, changed only at the version that was read, and held by one at a time. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { whoAmI } from "../../base/account.ts";
import { domain } from "../../kube/types.ts";
import { applyBusy, applyOvertaken, inventoryInvalid } from "../errors.ts";
import { nameRef } from "./api-error.ts";
import { pathOf } from "./discovery.ts";
import { type InventorySet, makeParent, type ParentRef, parentRef, tooling, toolingAnnotation } from "./inventory.ts";
import { getObject, isConflict } from "./objects.ts";
import type { Cluster, LiveObject } from "./types.ts";

const holderAnnotation = `${domain}/applying`;
/** Milliseconds between two signs of life of who holds it. */
const beatMs = 4000;
/** Without a sign of life for as long, as we saw it, the holder is given up. */
const patienceMs = 20_000;
const abandonMs = 5000;

export interface Hold {
  parent(): LiveObject;
  /** Throws `applyOvertaken` where another has taken it, so that nothing more is written. Call it before each write. */
  check(): Promise<void>;
  /** Changes the parent. */
  change(edit: (parent: LiveObject) => LiveObject): Promise<LiveObject>;
  /** Changes it for the last time and lets others in. */
  release(edit?: (parent: LiveObject) => LiveObject): Promise<LiveObject>;
  /** Lets others in after a failure: tried for some seconds, also when the caller has given up; what goes wrong is not told. */
  abandon(): Promise<void>;
}

export interface HoldOptions {
  project: string;
  namespace: string;
  set: InventorySet;
  /** Milliseconds to wait for somebody else. Default 10 minutes. */
  deadlineMs?: number;
  onWait?: (holder: string) => void;
  signal?: AbortSignal | undefined;
}

interface Holder {
  by: string;
  token: string;
  beat: number;
}

/**
 * Waits until nobody else holds the project's inventory, and holds it. Clocks of machines are not compared: a holder is gone when what it
 * wrote did not change for 20 s of ours while the server answered. Throws `applyBusy`, `inventoryInvalid`.
 */
export async function holdParent(cluster: Cluster, options: HoldOptions): Promise<Hold> {
  const { project, namespace, set, deadlineMs = 600_000, onWait = () => {}, signal } = options;
  const ref = parentRef(project, namespace, set);
  const me = { by: whoAmI(), token: randomUUID() };
  const started = performance.now();
  let seen = { text: "", unchangedMs: 0, at: started };
  let told: string | undefined;
  for (;;) {
    const parent = (await getObject(cluster, ref)) ?? (await createParent(cluster, project, ref, set));
    requireOurs(parent);
    const holder = readHolder(parent);
    const text = parent.metadata.annotations?.[holderAnnotation] ?? "";
    const now = performance.now();
    // What passed while the server was away counts for little: the holder could not give a sign either.
    const passed = text === seen.text ? seen.unchangedMs + Math.min(now - seen.at, 2000) : 0;
    seen = { text, unchangedMs: passed, at: now };
    if (holder === undefined || holder.token === me.token || passed > patienceMs) {
      const taken = await tryPut(cluster, withHolder(parent, { ...me, beat: 0 }));
      if (taken !== undefined) return keepHold(cluster, project, taken, me);
      continue;
    }
    if (now - started > deadlineMs)
      throw applyBusy({ project, holder: holder.by, seconds: Math.round((now - started) / 1000) });
    if (told !== holder.token) onWait((told = holder.token) && holder.by);
    await sleep(250 + Math.random() * 250, undefined, { ...(signal && { signal }) });
  }
}

function keepHold(cluster: Cluster, project: string, taken: LiveObject, me: Omit<Holder, "beat">): Hold {
  let parent = taken;
  let beat = 0;
  let beatAt = performance.now();
  let lost: Error | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const ended = new AbortController();

  const put = async (edit: Edit, signal?: AbortSignal): Promise<LiveObject> => {
    for (;;) {
      if (lost !== undefined) throw lost;
      const next = edit(parent);
      const written = await tryPut(cluster, next, signal);
      if (written !== undefined) {
        beatAt = performance.now();
        return (parent = written);
      }
      const found = await getObject(cluster, refOfParent(parent));
      // It was ours: the server took it, and its answer was lost on the way.
      if (found !== undefined && isSame(found, next)) return (parent = found);
      const holder = found && readHolder(found);
      if (found === undefined || holder?.token !== me.token)
        throw (lost = applyOvertaken({ project, by: holder?.by ?? "somebody else" }));
      parent = found;
    }
  };
  /** One after the other: two changes of ours must not meet each other as strangers. */
  const change = (edit: Edit, signal?: AbortSignal): Promise<LiveObject> => {
    const result = queue.then(() => put(edit, signal));
    // Whoever asked is told.
    queue = result.catch(() => {});
    return result;
  };
  const give = (): Promise<LiveObject> => change((at) => withHolder(at, { ...me, beat: ++beat }));
  void beatUntil(ended.signal, give);
  const release = async (edit: Edit = (at) => at, signal?: AbortSignal): Promise<LiveObject> => {
    ended.abort();
    return change((at) => withHolder(edit(at), undefined), signal);
  };
  return {
    parent: () => parent,
    check: async () => {
      if (lost !== undefined) throw lost;
      // A machine that slept may have lost it without knowing.
      if (performance.now() - beatAt > patienceMs / 2) await give();
    },
    change: (edit) => change(edit),
    release: (edit) => release(edit),
    // The failure that led here is told; others wait 20 s longer where this fails too.
    abandon: () => release(undefined, AbortSignal.timeout(abandonMs)).then(ignore, ignore),
  };
}

type Edit = (parent: LiveObject) => LiveObject;

function ignore(): void {}

async function beatUntil(signal: AbortSignal, give: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    try {
      await sleep(beatMs, undefined, { signal, ref: false });
      await give();
    } catch {
      // Ended, or lost: `check` and `change` tell the caller; a server that is away is met by them as well.
      if (!signal.aborted) await sleep(beatMs, undefined, { ref: false });
    }
  }
}

/** Undefined where another version is there by now. */
async function tryPut(cluster: Cluster, parent: LiveObject, signal?: AbortSignal): Promise<LiveObject | undefined> {
  const ref = refOfParent(parent);
  const resource = await cluster.findResource(ref.apiVersion, ref.kind);
  try {
    return await cluster.request({
      method: "PUT",
      path: pathOf(resource, ref),
      query: { fieldManager: "slipway-inventory" },
      body: { ...parent, apiVersion: "v1", kind: "ConfigMap" },
      ref,
      verb: "update",
      signal,
    });
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

async function createParent(cluster: Cluster, project: string, ref: ParentRef, set: InventorySet): Promise<LiveObject> {
  const resource = await cluster.findResource(ref.apiVersion, ref.kind);
  try {
    return await cluster.request({
      method: "POST",
      path: pathOf(resource, { namespace: ref.namespace }),
      query: { fieldManager: "slipway-inventory" },
      body: makeParent(project, ref, set),
      ref,
      verb: "create",
    });
  } catch (error) {
    const found = isConflict(error) ? await getObject(cluster, ref) : undefined;
    if (found === undefined) throw error;
    return found;
  }
}

function isSame(a: LiveObject, b: LiveObject): boolean {
  const contents = ({ metadata: { labels, annotations }, data }: LiveObject) => ({ labels, annotations, data });
  return isDeepStrictEqual(contents(a), contents(b));
}

function requireOurs(parent: LiveObject): void {
  const found = parent.metadata.annotations?.[toolingAnnotation];
  if (found?.split("/")[0] === tooling.split("/")[0]) return;
  const reason = found === undefined ? `it lacks the annotation ${toolingAnnotation}` : `it belongs to ${found}`;
  throw inventoryInvalid({ object: nameRef(refOfParent(parent)), reason });
}

function readHolder(parent: LiveObject): Holder | undefined {
  const text = parent.metadata.annotations?.[holderAnnotation];
  return text === undefined ? undefined : (JSON.parse(text) as Holder);
}

function withHolder(parent: LiveObject, holder: Holder | undefined): LiveObject {
  const { [holderAnnotation]: _, ...annotations } = parent.metadata.annotations ?? {};
  return {
    ...parent,
    metadata: {
      ...parent.metadata,
      annotations: { ...annotations, ...(holder && { [holderAnnotation]: JSON.stringify(holder) }) },
    },
  };
}

function refOfParent({ metadata: { name, namespace = "" } }: LiveObject): ParentRef {
  return { apiVersion: "v1", kind: "ConfigMap", name, namespace };
}
