import type { LiveObject, Ref } from "../types.ts";

/** What is known of a part of a cluster at one moment. */
export interface ClusterState {
  /** Of any kind: workloads, pods, claims, events, nodes, services, ingresses, routes. What is missing is not looked at. */
  objects: readonly LiveObject[];
  /** Last lines of containers that ended, by `<pod>/<container>`. */
  logs: Readonly<Record<string, readonly string[]>>;
  /** Milliseconds since 1970: how long something has been so. */
  now: number;
}

/** A cause that somebody can act on. */
export interface Finding {
  /** Stable, for programs: `image-not-found`. */
  code: string;
  /** One sentence: what is wrong, with the names and numbers. */
  cause: string;
  /** What it was seen by: messages of the cluster, last lines of a log. */
  evidence: readonly string[];
  /** The next step. */
  mend: string;
  object: Ref & { name: string };
  /**
   * Seconds after which it will not heal by itself; 0: at once. Undefined where it may heal at any time (a node comes back, a model
   * takes long to load): it is shown, and only the deadline ends the waiting.
   */
  final?: number;
}

export type Check = (state: ClusterState) => Finding[];
