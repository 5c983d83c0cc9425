/** How an image comes to the nodes of a cluster. `why` says what decided, for the line that people see. */
export type Delivery = RegistryDelivery | ImportDelivery;

/** One registry by the names under which it is reached; each may have a path behind it: `localhost:5001/team`. */
export interface RegistryDelivery {
  kind: "registry";
  /** From here. */
  push: string;
  /** From the nodes' container runtimes: what stands in pods. */
  pull: string;
  /** From inside pods: undefined where nobody said that they reach it. */
  inside: string | undefined;
  /** It speaks plain HTTP. */
  insecure: boolean;
  why: string;
}

/** Without a registry, by the nodes' own programs. */
export interface ImportDelivery {
  kind: "import";
  /** What `openNodes` takes: `kind:dev`; or several, for nodes that are reached one by one. */
  to: readonly string[];
  why: string;
}

/** A registry as the project file names it. */
export type NamedRegistry = string | { push: string; pull?: string; inside?: string };

export interface DeliveryFacts {
  /** The word behind `--registry`. */
  option?: string | undefined;
  /** The words behind `--import`; at most one of the two is given. */
  optionImport?: readonly string[] | undefined;
  /** The project's `deploy.registry`. */
  project?: NamedRegistry | undefined;
  /** The project's `deploy.import`; at most one of the two is there. */
  projectImport?: string | readonly string[] | undefined;
  /** `data` of the ConfigMap kube-public/local-registry-hosting; undefined where there is none, `forbidden` where we may not look. */
  hosting?: Readonly<Record<string, string>> | "forbidden" | undefined;
  /** The kubeconfig context by its name. */
  context: string;
  nodes: readonly NodeFacts[];
  here: HereFacts;
}

export interface NodeFacts {
  name: string;
  /** `linux/amd64` in two words. */
  os: string;
  architecture: string;
  /** `containerd://1.7.2`, `docker://27.1.1`, `cri-o://1.31.0`. */
  runtime: string;
  /** `kind://docker/dev/dev-worker`, `k3s://node1`; empty where nobody set it. */
  provider: string;
  labels: Readonly<Record<string, string>>;
  addresses: readonly string[];
}

/** This machine, for clusters whose nodes are on it. */
export interface HereFacts {
  hostname: string;
  addresses: readonly string[];
  /** Sockets of containerd that exist. */
  sockets: readonly string[];
}
