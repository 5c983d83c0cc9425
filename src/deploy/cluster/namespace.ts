/** @file Namespaces: made where they are missing, marked then, and only those that carry the mark are ever touched again. */
import { setTimeout as sleep } from "node:timers/promises";
import { whoAmI } from "../../base/account.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { makeNamespace } from "../../kube/namespace.ts";
import { domain, type KubeObject } from "../../kube/types.ts";
import { clusterForbidden, objectStuck } from "../errors.ts";
import { nameRef } from "./api-error.ts";
import { pathOf } from "./discovery.ts";
import { applyObject, getObject, isConflict, refOf } from "./objects.ts";
import type { Cluster, LiveObject } from "./types.ts";

/** Who made it. Labels can come from anywhere (exported manifests have ours); this is only written by `ensureNamespace`. */
const madeBy = `${domain}/made-by`;
/** Milliseconds to wait for an earlier one of that name to be gone. */
const patienceMs = 120_000;

/** What is known of a namespace: who may work in one only may not be allowed to look at it. */
export type NamespaceState = { state: "missing" | "hidden" } | { state: "there" | "ending"; object: LiveObject };

/** Whether it is ours to label and delete: made by us, or missing. */
export async function ownsNamespace(cluster: Cluster, name: string): Promise<boolean> {
  const found = await findNamespace(cluster, name);
  return found.state === "missing" || ("object" in found && isMade(found.object));
}

export async function findNamespace(cluster: Cluster, name: string): Promise<NamespaceState> {
  try {
    const object = await getObject(cluster, refOf(makeNamespace(name)));
    if (object === undefined) return { state: "missing" };
    return { state: object.metadata.deletionTimestamp === undefined ? "there" : "ending", object };
  } catch (error) {
    if (findSlipwayError(error)?.code === clusterForbidden.code) return { state: "hidden" };
    throw error;
  }
}

export function isMade({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[madeBy] !== undefined;
}

/**
 * Makes a namespace that is missing; brings one that we made up to date; leaves others as they are. One that is on its way out is waited
 * for. Throws `objectStuck`.
 */
export async function ensureNamespace(
  cluster: Cluster,
  wanted: KubeObject,
  { onWait = () => {}, signal }: { onWait?: (text: string) => void; signal?: AbortSignal | undefined } = {},
): Promise<"created" | "changed" | "unchanged" | "foreign"> {
  const { name } = wanted.metadata;
  const state = await waitWhileEnding(cluster, name, onWait, signal);
  const found = "object" in state ? state.object : undefined;
  if (state.state === "hidden" || (found !== undefined && !isMade(found))) return "foreign";
  const annotations = { ...wanted.metadata.annotations, [madeBy]: found?.metadata.annotations?.[madeBy] ?? whoAmI() };
  const object = { ...wanted, metadata: { ...wanted.metadata, annotations } };
  if (found === undefined) {
    // Made, not applied: if somebody else was faster, it is theirs.
    if (!(await create(cluster, object))) return "foreign";
  }
  const applied = await applyObject(cluster, object, { signal });
  if (found === undefined) return "created";
  return applied.metadata.resourceVersion === found.metadata.resourceVersion ? "unchanged" : "changed";
}

async function create(cluster: Cluster, object: KubeObject): Promise<boolean> {
  const ref = refOf(object);
  const resource = await cluster.findResource(ref.apiVersion, ref.kind);
  try {
    // As our own manager from the start: what it sets is ours to change and to drop later.
    await cluster.request({ method: "POST", path: pathOf(resource, {}), body: bare(object), ref, verb: "create" });
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

/** Name and mark only: the rest is applied. */
function bare({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const mark = metadata.annotations?.[madeBy];
  return { apiVersion, kind, metadata: { name: metadata.name, annotations: { [madeBy]: mark ?? whoAmI() } } };
}

async function waitWhileEnding(
  cluster: Cluster,
  name: string,
  onWait: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<NamespaceState> {
  const start = performance.now();
  for (let told = false; ; told = true) {
    const found = await findNamespace(cluster, name);
    if (found.state !== "ending") return found;
    const ms = performance.now() - start;
    if (ms > patienceMs)
      throw objectStuck({
        object: nameRef(refOf(found.object)),
        seconds: Math.round(ms / 1000),
        context: cluster.context,
        finalizers: found.object.metadata.finalizers ?? [],
      });
    if (!told) onWait(`waiting for an earlier namespace ${name} to be gone`);
    await sleep(500, undefined, { ...(signal && { signal }) });
  }
}
