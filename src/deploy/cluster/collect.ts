/** @file What `explain` needs besides the objects that are watched: last lines of what crashed, and what nodes have, where a pod finds none. */
import { findSlipwayError } from "../../base/errors.ts";
import { readLastLines } from "./logs.ts";
import { listObjects } from "./objects.ts";
import { findCondition, type Pod } from "./shapes.ts";
import type { Cluster, LiveObject } from "./types.ts";

export interface Collector {
  /** The logs of containers that have ended, by `<pod>/<container>`; those already read are not read again. */
  logs(pods: readonly Pod[]): Promise<Record<string, string[]>>;
  /** Nodes and the pods on them, where one of these pods finds no node. Empty where that may not be seen. */
  nodes(pods: readonly Pod[]): Promise<LiveObject[]>;
}

export function createCollector(cluster: Cluster): Collector {
  const lines = new Map<string, { restarts: string; text: string[] }>();
  let nodes: { at: number; objects: LiveObject[] } | undefined;
  return {
    async logs(pods) {
      for (const { pod, container, previous, restarts } of listEnded(pods)) {
        const key = `${pod.metadata.name}/${container}`;
        if (lines.get(key)?.restarts === restarts) continue;
        const text = await readLastLines(cluster, { pod, container, previous, lines: 20 });
        lines.set(key, { restarts, text });
      }
      return Object.fromEntries([...lines].map(([key, { text }]) => [key, text]));
    },
    async nodes(pods) {
      const stuck = pods.some(({ status }) => findCondition(status?.conditions, "PodScheduled")?.status === "False");
      if (!stuck) return [];
      if (nodes !== undefined && performance.now() - nodes.at < 5000) return nodes.objects;
      const lists = await Promise.all([listQuietly(cluster, "Node"), listQuietly(cluster, "Pod")]);
      nodes = { at: performance.now(), objects: lists.flat() };
      return nodes.objects;
    },
  };
}

interface EndedContainer {
  pod: Pod;
  container: string;
  /** Its log is the one before the current run's. */
  previous: boolean;
  restarts: string;
}

function listEnded(pods: readonly Pod[]): EndedContainer[] {
  return pods.flatMap((pod) =>
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].flatMap((status) => {
      const { name, state, lastState, restartCount, ready } = status;
      const failed = state?.terminated !== undefined && state.terminated.exitCode !== 0;
      const before = lastState?.terminated !== undefined && !ready;
      // One that runs without getting ready: what it says now may tell why.
      const silent = state?.running !== undefined && !ready && !before;
      if (!failed && !before && !silent) return [];
      const restarts = silent ? `live ${Math.floor(performance.now() / 5000)}` : `${failed} ${restartCount}`;
      return [{ pod, container: name, previous: !failed && before, restarts }];
    }),
  );
}

async function listQuietly(cluster: Cluster, kind: string): Promise<LiveObject[]> {
  try {
    return (await listObjects(cluster, { apiVersion: "v1", kind })).items;
  } catch (error) {
    // Who may work in one namespace may not see nodes; then the scheduler's own words have to do.
    if (findSlipwayError(error) !== undefined) return [];
    throw error;
  }
}
