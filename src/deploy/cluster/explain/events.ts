import { type KubeEvent, pick } from "../shapes.ts";
import type { LiveObject } from "../types.ts";
import type { ClusterState } from "./finding.ts";

/** Events about one object, newest last. */
export function eventsOf(state: ClusterState, { kind, metadata }: LiveObject): KubeEvent[] {
  return pick(state.objects, "Event")
    .filter(({ involvedObject: about }) =>
      about.uid === undefined || about.uid === ""
        ? about.kind === kind && about.name === metadata.name
        : about.uid === metadata.uid,
    )
    .toSorted((a, b) => timeOf(a) - timeOf(b));
}

/** The newest of them with one of these reasons. */
export function findEvent(
  state: ClusterState,
  object: LiveObject,
  reasons: readonly string[],
): (KubeEvent & { message: string }) | undefined {
  const found = eventsOf(state, object).findLast(({ reason = "" }) => reasons.includes(reason));
  return found && { ...found, message: found.message ?? found.reason ?? "" };
}

/** Milliseconds since 1970. */
export function timeOf({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: KubeEvent): number {
  const text = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp;
  return Date.parse(text ?? metadata.creationTimestamp);
}

/** `Warning FailedScheduling: 0/2 nodes are available…` */
export function quote({ type = "Normal", reason = "", message = "" }: Partial<KubeEvent>): string {
  return `${type} ${reason}: ${message.trim()}`;
}
