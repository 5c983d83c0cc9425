import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/**
 * While a node is emptied, one pod goes at a time. `maxUnavailable`, not `minAvailable`: that would hold up the node for ever where only one pod
 * is left. Pods that are broken anyway hold nothing up.
 */
export function makeDisruptionBudget(place: Place, selector: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: place,
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selector },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}
