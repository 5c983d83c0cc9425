/** @file Objects of any kind: read, list, apply, delete. */
import { setTimeout as sleep } from "node:timers/promises";
import { findSlipwayError } from "../../base/errors.ts";
import { fieldManager, type KubeObject } from "../../kube/types.ts";
import { clusterForbidden, kindUnknown, objectMissing, objectRejected, objectStuck } from "../errors.ts";
import { nameRef } from "./api-error.ts";
import { pathOf } from "./discovery.ts";
import type { Cluster, LiveObject, ObjectList, Ref } from "./types.ts";

export interface Selection {
  apiVersion: string;
  kind: string;
  /** Left out: all namespaces, or a kind that has none. */
  namespace?: string | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  fields?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

export interface ApplyOneOptions {
  /** The server does all but keep it. */
  dryRun?: boolean;
  /** Takes over fields that others manage. */
  force?: boolean;
  manager?: string;
  signal?: AbortSignal | undefined;
}

export async function getObject(cluster: Cluster, ref: Ref & { name: string }): Promise<LiveObject | undefined> {
  const resource = await cluster.findResource(ref.apiVersion, ref.kind);
  try {
    return await cluster.request({ method: "GET", path: pathOf(resource, ref), ref, verb: "get" });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** All of them, page by page. `resourceVersion` is where a watch goes on. */
export async function listObjects(
  cluster: Cluster,
  selection: Selection,
): Promise<{ items: LiveObject[]; resourceVersion: string }> {
  const { apiVersion, kind, namespace, signal } = selection;
  const resource = await cluster.findResource(apiVersion, kind);
  const ref: Ref = { apiVersion, kind: `${kind}s`, ...(namespace !== undefined && { namespace }) };
  const items: LiveObject[] = [];
  for (let next: string | undefined; ;) {
    const page: ObjectList = await cluster.request({
      method: "GET",
      path: pathOf(resource, { ...(namespace !== undefined && { namespace }) }),
      query: { limit: 500, continue: next, ...toQuery(selection) },
      ref,
      verb: "list",
      signal,
    });
    // Members of a list come without their kind.
    for (const item of page.items) items.push({ ...item, apiVersion, kind });
    next = page.metadata.continue;
    if (next === undefined || next === "") return { items, resourceVersion: page.metadata.resourceVersion };
  }
}

/** Those that are there for us: a kind that the cluster lacks has no objects, one that we may not list has none for us. */
export async function listVisible(cluster: Cluster, selection: Selection): Promise<LiveObject[]> {
  try {
    return (await listObjects(cluster, selection)).items;
  } catch (error) {
    if (!isHidden(error)) throw error;
    return [];
  }
}

export function toQuery({ labels, fields }: Pick<Selection, "labels" | "fields">): Record<string, string | undefined> {
  const join = (pairs: Readonly<Record<string, string>> = {}): string | undefined =>
    Object.entries(pairs)
      .map(([name, value]) => `${name}=${value}`)
      .join(",") || undefined;
  return { labelSelector: join(labels), fieldSelector: join(fields) };
}

/** Server-side apply of one object. Throws `fieldConflict` where others manage a field that it sets differently. */
export async function applyObject(
  cluster: Cluster,
  object: KubeObject,
  { dryRun = false, force = false, manager = fieldManager, signal }: ApplyOneOptions = {},
): Promise<LiveObject> {
  const ref = refOf(object);
  const resource = await cluster.findResource(ref.apiVersion, ref.kind);
  return cluster.request({
    method: "PATCH",
    path: pathOf(resource, ref),
    query: { fieldManager: manager, force, fieldValidation: "Strict", ...(dryRun && { dryRun: "All" }) },
    body: object,
    contentType: "application/apply-patch+yaml",
    ref,
    verb: "patch",
    signal,
  });
}

/** Whether there was one. `foreground`: it stays, marked, until what it owns is gone. */
export async function deleteObject(
  cluster: Cluster,
  ref: Ref & { name: string },
  { foreground = false, uid, signal }: { foreground?: boolean; uid?: string; signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const resource = await cluster.findResource(ref.apiVersion, ref.kind);
  try {
    await cluster.request({
      method: "DELETE",
      path: pathOf(resource, ref),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: foreground ? "Foreground" : "Background",
        // Not another one of the same name.
        ...(uid !== undefined && { preconditions: { uid } }),
      },
      ref,
      verb: "delete",
      signal,
    });
    return true;
  } catch (error) {
    if (isMissing(error) || (uid !== undefined && isConflict(error))) return false;
    throw error;
  }
}

/** Waits until an object that was deleted is gone. Throws `objectStuck`. */
export async function waitGone(
  cluster: Cluster,
  object: LiveObject,
  { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const start = performance.now();
  for (let wait = 50; ; wait = Math.min(1000, wait * 1.5)) {
    const found = await getObject(cluster, refOf(object));
    if (found === undefined || found.metadata.uid !== object.metadata.uid) return;
    const seconds = Math.round((performance.now() - start) / 1000);
    if (performance.now() - start > deadlineMs)
      throw objectStuck({
        object: nameRef(refOf(object)),
        seconds,
        context: cluster.context,
        finalizers: found.metadata.finalizers ?? [],
      });
    await sleep(wait, undefined, { ...(signal && { signal }) });
  }
}

export function refOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): Ref & { name: string } {
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

export function isMissing(error: unknown): boolean {
  return findSlipwayError(error)?.code === objectMissing.code;
}

/** The cluster does not serve it, or does not let us see it. */
export function isHidden(error: unknown): boolean {
  const code = findSlipwayError(error)?.code;
  return code === clusterForbidden.code || code === kindUnknown.code;
}

/** Somebody else was faster: another version of the object is there, or one of that name. */
export function isConflict(error: unknown): boolean {
  const found = findSlipwayError(error);
  return found?.code === objectRejected.code && found.details["status"] === 409;
}
