/** @file Somebody who was given a namespace and nothing else: who may not see nodes, and not what the cluster says of a registry of its own. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestCluster } from "./types.ts";
import { kubectl, kubectlJson } from "./use.ts";

export interface Tenant extends Disposable {
  kubeconfig: string;
  context: string;
}

/** A ServiceAccount of the namespace with the role `admin` there, and a kubeconfig of its own. They go with the namespace. */
export async function useTenant(cluster: TestCluster, namespace: string): Promise<Tenant> {
  const at = ["--namespace", namespace];
  await kubectl(cluster, "create", "serviceaccount", "tenant", ...at);
  const bind = ["--clusterrole=admin", `--serviceaccount=${namespace}:tenant`];
  await kubectl(cluster, "create", "rolebinding", "tenant", ...bind, ...at);
  const token = (await kubectl(cluster, "create", "token", "tenant", "--duration=1h", ...at)).trim();
  interface Config {
    clusters: { cluster: object }[];
  }
  const { clusters } = await kubectlJson<Config>(cluster, "config", "view", "--raw", "--minify");
  const folder = mkdtempSync(join(tmpdir(), "slipway-tenant-"));
  const kubeconfig = join(folder, "kubeconfig");
  const context = "tenant";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "cluster", cluster: clusters[0]?.cluster }],
    users: [{ name: "tenant", user: { token } }],
    contexts: [{ name: context, context: { cluster: "cluster", user: "tenant", namespace } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  chmodSync(kubeconfig, 0o600);
  return { kubeconfig, context, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
