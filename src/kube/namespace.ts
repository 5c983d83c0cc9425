import type { KubeObject } from "./types.ts";

/**
 * A namespace that we make. It holds its pods to the `restricted` standard, which ours meet; a namespace that exists already keeps its own
 * rules, and is never handed to this.
 */
export function makeNamespace(name: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: {
        "app.kubernetes.io/managed-by": "slipway",
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
      },
    },
  };
}
