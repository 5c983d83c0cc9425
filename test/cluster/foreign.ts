/** @file A cluster that somebody else made: kind with its registry, k3d, minikube, or any other, named by SLIPWAY_TEST_CONTEXT. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";
import { clusterFolder } from "./settings.ts";
import type { TestCluster } from "./types.ts";

interface NodeList {
  items: { metadata: { name: string }; status: { addresses: { type: string; address: string }[] } }[];
}

/**
 * Asks the cluster for its nodes and for its registry (ConfigMap kube-public/local-registry-hosting, KEP-1755). SLIPWAY_TEST_REGISTRY_HOST,
 * SLIPWAY_TEST_REGISTRY_INSIDE and SLIPWAY_TEST_INGRESS say what it does not.
 */
export async function openForeign(context: string, kubeconfig: string): Promise<TestCluster> {
  const kubectl = (...args: string[]) =>
    command(kubectlProgram(), ["--kubeconfig", kubeconfig, "--context", context, ...args]);
  const { items } = JSON.parse(await kubectl("get", "nodes", "-o", "json")) as NodeList;
  const nodes = items.map(({ metadata, status }) => ({
    name: metadata.name,
    address: status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "",
  }));
  const hosting = await kubectl(
    "get",
    "configmap/local-registry-hosting",
    "--namespace=kube-public",
    "--ignore-not-found",
    "--output=jsonpath={.data.localRegistryHosting\\.v1}",
  );
  const read = (member: string) => new RegExp(`^${member}:\\s*"?([^"\\s]+)`, "m").exec(hosting)?.[1];
  const registry = process.env["SLIPWAY_TEST_REGISTRY_HOST"] ?? read("host");
  if (registry === undefined)
    throw new Error(
      `The cluster of the context "${context}" names no registry (ConfigMap kube-public/local-registry-hosting). ` +
        "Name one in SLIPWAY_TEST_REGISTRY_HOST that this machine can push to and the nodes can pull from.",
    );
  return {
    kubeconfig,
    context,
    registry,
    registryInside: process.env["SLIPWAY_TEST_REGISTRY_INSIDE"] ?? read("hostFromClusterNetwork") ?? registry,
    ingress: process.env["SLIPWAY_TEST_INGRESS"] ?? nodes[0]?.address ?? "127.0.0.1",
    nodes,
  };
}

/** Our own cluster's, or the one on the PATH. */
export function kubectlProgram(): string {
  const own = join(clusterFolder(), "bin", "kubectl");
  return existsSync(own) ? own : "kubectl";
}
