/** What tests know of the cluster they run on: our own (main.ts up), or the one that SLIPWAY_TEST_CONTEXT names. */
export interface TestCluster {
  /** Path of a kubeconfig that may do everything. On our own cluster its current context is `slipway`. */
  kubeconfig: string;
  context: string;
  /** As this machine and the nodes' container runtime name the registry: `localhost:5001`. */
  registry: string;
  /** As pods name it: `10.89.0.1:5001`. */
  registryInside: string;
  /** Address at which the Ingress controller and the Gateway answer on port 80, seen from this machine: `10.89.0.1`. */
  ingress: string;
  nodes: readonly TestNode[];
  /** Undefined on a foreign cluster: only the parts of our own can be stopped. */
  parts?: ClusterParts;
}

export interface TestNode {
  name: string;
  /** Reachable from this machine (NodePorts answer there): `10.89.0.11`. */
  address: string;
  /** Undefined on a foreign cluster. */
  containerdSocket?: string;
}

/**
 * The processes of our own cluster, by name: etcd, apiserver, controller-manager, scheduler, registry, traefik, metallb, local-path, metrics-server,
 * and for each node containerd-node1, kubelet-node1, kube-proxy-node1, felix-node1.
 * Whoever stops a part puts it back, also when the test fails: the cluster is shared.
 */
export interface ClusterParts {
  names: readonly string[];
  /** SIGSTOP: connections stay open and get no answer. */
  pause(part: string): Promise<void>;
  resume(part: string): Promise<void>;
  /** SIGTERM, then SIGKILL after 5 s: connections are refused from here on. Returns when the process is gone. */
  stop(part: string): Promise<void>;
  /** Starts it as it was started before, and returns when it is healthy. Nothing happens where it runs. */
  start(part: string): Promise<void>;
  restart(part: string): Promise<void>;
  /** SIGKILL; returns when the process is gone. */
  kill(part: string): Promise<void>;
  pid(part: string): number | undefined;
  /** Its last lines. */
  logTail(part: string, lines?: number): string;
}

/** A namespace of a test's own. `await using` deletes it at the end of the block. */
export interface TestNamespace extends AsyncDisposable {
  name: string;
}

export interface PartStatus {
  part: string;
  pid: number | undefined;
  /** `stopped`: no such process. `paused`: SIGSTOP. `failing`: it runs, and its health check does not pass. */
  state: "healthy" | "failing" | "paused" | "stopped";
  /** Resident memory. */
  megabytes: number;
}
