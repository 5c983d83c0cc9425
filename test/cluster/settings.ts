/** @file Names, addresses and folders of the cluster. Everything here is the same for every cluster on a machine: there is one at a time. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

export interface NodeSettings {
  name: string;
  /** Network namespace. */
  namespace: string;
  /** Folder under each cgroup controller. */
  cgroup: string;
  /** This machine's end of the pair of virtual interfaces. */
  link: string;
  address: string;
  podRange: string;
  labels: Readonly<Record<string, string>>;
}

export const bridge = "slipbr";
/** This machine, as the nodes and the pods see it. */
export const hostAddress = "10.89.0.1";
export const hostRange = "10.89.0.1/24";
export const serviceRange = "10.96.0.0/16";
export const apiServiceAddress = "10.96.0.1";
export const dnsServiceAddress = "10.96.0.10";
export const podRange = "10.244.0.0/16";
export const loadBalancerRange = "10.89.1.0/24";
export const loadBalancerPool = "10.89.1.1-10.89.1.50";
export const apiServer = `https://${hostAddress}:6443`;
export const registryPort = 5001;
export const registry = `localhost:${registryPort}`;
export const registryInside = `${hostAddress}:${registryPort}`;
export const metricsPort = 4443;
export const context = "slipway";
export const pauseImage = "slipway.test/pause:1";

export const nodes: readonly NodeSettings[] = [1, 2].map((number) => ({
  name: `node${number}`,
  namespace: `slipnode${number}`,
  // Namespaces of their own let two clusters live on one machine (isolated.ts); cgroups are the machine's.
  cgroup: `slipnode${number}${cgroupSuffix()}`,
  link: `slipv${number}`,
  address: `10.89.0.1${number}`,
  podRange: `10.244.${number - 1}.0/24`,
  labels: number === 2 ? { training: "allowed" } : {},
}));

/** Why the cluster is not up, from the set-up of a test run to its tests. */
export const failureVariable = "SLIPWAY_TEST_CLUSTER_FAILURE";

/** Built binaries are kept here from one cluster to the next. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway");
}

function cgroupSuffix(): string {
  const given = process.env["SLIPWAY_CLUSTER_FOLDER"];
  return given === undefined ? "" : `-${createHash("sha256").update(given).digest("hex").slice(0, 8)}`;
}

/** Everything about the running cluster; `down` removes it. */
export function clusterFolder(): string {
  return process.env["SLIPWAY_CLUSTER_FOLDER"] ?? join(cacheFolder(), "cluster");
}

export function nodeFolder(folder: string, node: NodeSettings): string {
  return join(folder, node.name);
}

export function containerdSocket(folder: string, node: NodeSettings): string {
  return join(nodeFolder(folder, node), "containerd.sock");
}
