/** @file One container's log, line by line to its end: where the connection breaks, it goes on behind the last line. */
import { setTimeout as sleep } from "node:timers/promises";
import { getObject } from "../../deploy/cluster/objects.ts";
import type { Cluster } from "../../deploy/cluster/types.ts";

export interface LogRead {
  namespace: string;
  pod: string;
  container: string;
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** Milliseconds without a byte after which the stream is opened anew; a trainer may say nothing for longer. */
const idleMs = 60_000;

/** Returns when the container has ended and all of its lines were read, or its pod is gone. */
export async function readLog(cluster: Cluster, { namespace, pod, container, onLine, signal }: LogRead): Promise<void> {
  let last = "";
  for (;;) {
    signal.throwIfAborted();
    const since = last;
    const ended = await hasEnded(cluster, namespace, pod, container);
    try {
      for await (const line of streamLines(cluster, { namespace, pod, container, since, signal })) {
        const space = line.indexOf(" ");
        const time = line.slice(0, space);
        // The server's `sinceTime` counts in whole seconds: what was read is passed over here.
        if (time <= since) continue;
        last = time;
        onLine(line.slice(space + 1));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (ended !== "no") throw error;
      await sleep(500, undefined, { signal });
    }
    // It had ended before the stream was opened, so that the stream held all of it.
    if (ended !== "no") return;
  }
}

async function hasEnded(
  cluster: Cluster,
  namespace: string,
  name: string,
  container: string,
): Promise<"no" | "yes" | "gone"> {
  const pod = await getObject(cluster, { apiVersion: "v1", kind: "Pod", namespace, name });
  if (pod === undefined) return "gone";
  const { containerStatuses = [] } = (pod["status"] ?? {}) as {
    containerStatuses?: { name: string; state?: { terminated?: object } }[];
  };
  return containerStatuses.some((one) => one.name === container && one.state?.terminated !== undefined) ? "yes" : "no";
}

async function* streamLines(
  cluster: Cluster,
  from: Pick<LogRead, "namespace" | "pod" | "container" | "signal"> & { since: string },
): AsyncGenerator<string> {
  const { namespace, pod, container, since, signal } = from;
  const stream = await cluster.stream({
    method: "GET",
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/log`,
    query: { container, follow: true, timestamps: true, ...(since !== "" && { sinceTime: since }) },
    ref: { apiVersion: "v1", kind: "Pod", name: pod, namespace },
    verb: "get",
    idleMs,
    signal,
  });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const piece of stream) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    stream.close();
  }
}
