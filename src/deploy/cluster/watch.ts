/** @file Lists of objects that stay current: list, then watch, and again whenever the watch ends, breaks or falls silent. */
import { setTimeout as sleep } from "node:timers/promises";
import { findSlipwayError } from "../../base/errors.ts";
import { clusterForbidden, kindUnknown, objectRejected } from "../errors.ts";
import { pathOf } from "./discovery.ts";
import { listObjects, type Selection, toQuery } from "./objects.ts";
import { isTransient } from "./transport.ts";
import type { Cluster, LiveObject, Ref } from "./types.ts";

/** Seconds after which the server ends a watch. Connections die without a word (kubernetes-client/javascript#2127): one that says nothing for longer is dead. */
const usual: Timing = { watchSeconds: 30, silenceMs: 40_000 };
/** Milliseconds in which changes are gathered into one view. */
const gatherMs = 30;

interface Timing {
  watchSeconds: number;
  silenceMs: number;
}

export interface Watched extends Selection {
  /** Goes on without it where it is forbidden, or the cluster has no such kind. */
  optional?: boolean;
}

/** All objects that the selections take in, as they are now. Yields at first when all were listed, then after each change. */
export async function* watchObjects(
  cluster: Cluster,
  watched: readonly Watched[],
  signal: AbortSignal,
  timing: Timing = usual,
): AsyncGenerator<LiveObject[]> {
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const stores = watched.map(() => new Map<string, LiveObject>());
  const listed = new Set<number>();
  let wake = Promise.withResolvers<void>();
  const seen: { changed: boolean; failure?: Error } = { changed: false };
  const follows = watched.map(async (selection, i) => {
    try {
      await follow(cluster, { ...selection, ...timing, signal: stop }, stores[i]!, () => {
        listed.add(i);
        seen.changed = true;
        wake.resolve();
      });
    } catch (error) {
      if (selection.optional !== true || !isRefused(error)) seen.failure = error as Error;
      listed.add(i);
      seen.changed = true;
      wake.resolve();
    }
  });
  try {
    for (let first = true; ; first = false) {
      while (!seen.changed || listed.size < watched.length) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
      if (!first) await sleep(gatherMs);
      signal.throwIfAborted();
      if (seen.failure !== undefined) throw seen.failure;
      seen.changed = false;
      yield stores.flatMap((store) => [...store.values()]);
    }
  } finally {
    ended.abort();
    await Promise.all(follows);
  }
}

type Followed = Selection & Timing & { signal: AbortSignal };

async function follow(
  cluster: Cluster,
  selection: Followed,
  store: Map<string, LiveObject>,
  changed: () => void,
): Promise<void> {
  for (;;) {
    const list = await listObjects(cluster, selection);
    store.clear();
    for (const item of list.items) store.set(item.metadata.uid, item);
    changed();
    await watchFrom(cluster, selection, list.resourceVersion, store, changed);
  }
}

/** Returns when the version is too old to go on from: list anew. */
async function watchFrom(
  cluster: Cluster,
  selection: Followed,
  from: string,
  store: Map<string, LiveObject>,
  changed: () => void,
): Promise<void> {
  const { apiVersion, kind, namespace, signal, watchSeconds, silenceMs } = selection;
  const resource = await cluster.findResource(apiVersion, kind);
  const ref: Ref = { apiVersion, kind: `${kind}s`, ...(namespace !== undefined && { namespace }) };
  let version = from;
  for (;;) {
    signal.throwIfAborted();
    try {
      const stream = await cluster.stream({
        method: "GET",
        path: pathOf(resource, { ...(namespace !== undefined && { namespace }) }),
        query: {
          watch: true,
          resourceVersion: version,
          allowWatchBookmarks: true,
          timeoutSeconds: watchSeconds,
          ...toQuery(selection),
        },
        ref,
        verb: "watch",
        signal,
        idleMs: silenceMs,
      });
      for await (const event of readEvents(stream)) {
        if (event.type === "ERROR") return;
        version = event.object.metadata.resourceVersion;
        if (event.type === "BOOKMARK") continue;
        const { uid } = event.object.metadata;
        if (event.type === "DELETED") store.delete(uid);
        else store.set(uid, { ...event.object, apiVersion, kind });
        changed();
      }
    } catch (error) {
      signal.throwIfAborted();
      // 410: what happened since is forgotten.
      if (findSlipwayError(error)?.details["status"] === 410) return;
      if (!isTransient(error)) throw error;
      // Broken off: go on from the same version; that a server is away is waited for by the next request.
      await sleep(100, undefined, { signal });
    }
  }
}

interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: LiveObject;
}

async function* readEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent> {
  for await (const line of readLines(stream)) if (line !== "") yield JSON.parse(line) as WatchEvent;
}

/** Whole lines only: what a broken connection cut off is not one. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function isRefused(error: unknown): boolean {
  const found = findSlipwayError(error);
  return found !== undefined && [clusterForbidden.code, kindUnknown.code, objectRejected.code].includes(found.code);
}
