import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/** An identity without rights and without a token: nothing of ours in a pod speaks to the API server. */
export function makeServiceAccount(place: Place): KubeObject {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: place, automountServiceAccountToken: false };
}
