import type { KubeObject } from "../../src/kube/types.ts";

/** Objects that all say which version they are of: mixed versions are seen. Even versions have one object that odd ones lack. */
export function versionObjects(version: string): KubeObject[] {
  const names = ["a", "b", "c", "d", "e"];
  const configs = names.map((name): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `v-${name}` },
    data: { version },
  }));
  const account: KubeObject = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "v", annotations: { version } },
  };
  return [
    account,
    ...configs,
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `only-${version}` }, data: { version } },
  ];
}
