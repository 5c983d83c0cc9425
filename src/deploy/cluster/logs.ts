/** @file Logs of pods: several at once, followed through restarts, broken connections and a server that is away. */
import { setTimeout as sleep } from "node:timers/promises";
import { findSlipwayError } from "../../base/errors.ts";
import { objectMissing, objectRejected } from "../errors.ts";
import { listObjects } from "./objects.ts";
import { type ContainerStatus, pick, type Pod } from "./shapes.ts";
import { isTransient } from "./transport.ts";
import type { Cluster, LiveObject } from "./types.ts";
import { readLines, watchObjects } from "./watch.ts";

/** Milliseconds of silence after which a connection is made anew: a server may say nothing for hours, and the connection be dead. */
const silenceMs = 300_000;

export interface LogOptions {
  namespace: string;
  /** Which pods: by labels, or by name. */
  labels?: Readonly<Record<string, string>>;
  pod?: string;
  /** Default: all. */
  container?: string;
  /** Goes on until the signal, with pods and containers that come later too. */
  follow?: boolean;
  /** Of the run before the current one. */
  previous?: boolean;
  /** Lines of each container to begin with. Default: all. */
  tail?: number;
  /** Seconds to look back. */
  since?: number;
  onLine: (line: LogLine) => void;
  signal?: AbortSignal;
}

export interface LogLine {
  pod: string;
  container: string;
  /** RFC 3339 with nanoseconds. */
  at: string;
  text: string;
}

/** Without `follow`: all lines there are, merged by time. With it: as they come. */
export async function podLogs(cluster: Cluster, options: LogOptions): Promise<void> {
  const { namespace, labels, pod, onLine, signal = new AbortController().signal } = options;
  const selection = {
    apiVersion: "v1",
    kind: "Pod",
    namespace,
    labels,
    ...(pod !== undefined && { fields: { "metadata.name": pod } }),
    signal,
  };
  if (options.follow === true) return followAll(cluster, watchObjects(cluster, [selection], signal), options, signal);
  const { items } = await listObjects(cluster, selection);
  const lines: LogLine[] = [];
  await Promise.all(
    listContainers(items, options).map(async ({ pod: owner, status }) => {
      if (options.previous === true && status.lastState?.terminated === undefined) return;
      await readOnce(cluster, owner, status.name, options, (line) => void lines.push(line), signal);
    }),
  );
  for (const line of lines.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) onLine(line);
}

/** The last lines of a container, for evidence; empty where there are none to be had. */
export async function readLastLines(
  cluster: Cluster,
  { pod, container, previous, lines }: { pod: LiveObject; container: string; previous: boolean; lines: number },
): Promise<string[]> {
  const { name, namespace = "default" } = pod.metadata;
  const found: string[] = [];
  const options = { namespace, previous, tail: lines };
  await readOnce(cluster, pod, container, options, ({ text }) => void found.push(text)).catch((error: unknown) => {
    // Evidence only: a log that is gone, or that may not be read, leaves the finding as it is.
    if (findSlipwayError(error) === undefined && !isTransient(error)) throw error;
  });
  return found.length === 1 && found[0]?.startsWith(`unable to retrieve container logs`) && name !== "" ? [] : found;
}

interface ReadOptions {
  namespace: string;
  previous?: boolean;
  tail?: number;
  since?: number;
  follow?: boolean;
}

/** Returns when the log ends: at its end, or, followed, when the container does. `after`: only lines later than that. */
async function readOnce(
  cluster: Cluster,
  pod: LiveObject,
  container: string,
  options: ReadOptions,
  onLine: (line: LogLine) => void,
  signal?: AbortSignal,
  after = "",
): Promise<void> {
  const { name } = pod.metadata;
  const { namespace, previous, tail, since, follow = false } = options;
  const stream = await cluster.stream({
    method: "GET",
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`,
    query: {
      container,
      follow: follow || undefined,
      previous,
      timestamps: true,
      ...(after === "" ? { tailLines: tail, sinceSeconds: since } : { sinceTime: after }),
    },
    ref: { apiVersion: "v1", kind: "Pod", name, namespace },
    verb: "get",
    signal,
    idleMs: silenceMs,
  });
  for await (const line of readLines(stream)) {
    const { at, text } = split(line);
    // The server counts in whole seconds: what was told already comes again.
    if (at > after) onLine({ pod: name, container, at, text });
  }
}

function split(line: string): { at: string; text: string } {
  const space = line.indexOf(" ");
  const at = line.slice(0, Math.max(0, space));
  return /^\d{4}-\d\d-\d\dT/.test(at) ? { at, text: line.slice(space + 1) } : { at: "9", text: line };
}

async function followAll(
  cluster: Cluster,
  views: AsyncGenerator<LiveObject[]>,
  options: LogOptions,
  signal: AbortSignal,
): Promise<void> {
  const followed = new Set<string>();
  const failure = Promise.withResolvers<never>();
  // It is raced below; without a race under way it must not count as unheard.
  failure.promise.catch(() => {});
  const watching = async (): Promise<void> => {
    for await (const objects of views) {
      for (const { pod, status } of listContainers(objects, options)) {
        const key = `${pod.metadata.uid}/${status.name}`;
        if (followed.has(key) || (status.state?.running ?? status.state?.terminated) === undefined) continue;
        followed.add(key);
        // One that comes up later is read from its beginning.
        followOne(cluster, pod, status.name, options, signal).catch(failure.reject);
      }
    }
  };
  try {
    await Promise.race([watching(), failure.promise]);
  } catch (error) {
    // The caller has ended it: that is how following ends.
    if (!signal.aborted) throw error;
  }
}

/** Until the pod is gone. */
async function followOne(
  cluster: Cluster,
  pod: LiveObject,
  container: string,
  options: LogOptions,
  signal: AbortSignal,
): Promise<void> {
  let after = "";
  const tell = (line: LogLine): void => {
    after = line.at === "9" ? after : line.at;
    options.onLine(line);
  };
  while (!signal.aborted) {
    try {
      await readOnce(cluster, pod, container, { ...options, follow: true }, tell, signal, after);
    } catch (error) {
      if (signal.aborted) return;
      const code = findSlipwayError(error)?.code;
      if (code === objectMissing.code) return;
      // 400: the container is not up yet, or again. Broken connections: go on from the last line.
      if (code !== objectRejected.code && !isTransient(error)) throw error;
    }
    await sleep(1000, undefined, { signal }).catch(() => {
      // Ended: the loop's condition sees it.
    });
  }
}

function listContainers(
  objects: readonly LiveObject[],
  { container }: Pick<LogOptions, "container">,
): { pod: Pod; status: ContainerStatus }[] {
  return pick(objects, "Pod").flatMap((pod) =>
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
      .filter(({ name }) => container === undefined || name === container)
      .map((status) => ({ pod, status })),
  );
}
