/** @file What a project says of where and how it runs on Kubernetes. Plain data; the local target reads none of it. */

export interface DeployDefinition {
  /**
   * Where `up` goes when the command names no target: `"local"` (default), or a kubeconfig context by its exact name. A
   * cluster is never taken from the kubeconfig's current context.
   */
  target?: string;
  /** Default: the context's namespace, else `default`. Made where it is missing. */
  namespace?: string;
  /**
   * Where images, datasets and models are pushed: `registry.example.com/team`, or `localhost:5001`. Default: what the cluster's
   * `local-registry-hosting` ConfigMap says; without either, images are imported into the nodes.
   */
  registry?: string | { push: string; pull?: string; inside?: string };
  /**
   * Instead of a registry: how images come into the nodes, in the words of `slipway image import --to`. One for each node that is reached by
   * itself: `["containerd:/run/a.sock", "containerd:/run/b.sock"]`. Default: found out for the clusters that docs/guides/images.md lists.
   */
  import?: string | readonly string[];
  /** Pods that serve. Default 1. */
  replicas?: number;
  /** Makes a HorizontalPodAutoscaler; `replicas` then only says how many there are at first. `cpu` is percent of the request. */
  scale?: { min: number; max: number; cpu: number };
  /** How the service is reached; several at once are fine. Default `"clusterIP"`: from inside the cluster. */
  expose?: Expose | readonly Expose[];
  resources?: Resources;
  /** Labels that the nodes must have which the server runs on. */
  nodes?: Readonly<Record<string, string>>;
  /** Environment of the serving pod: by a ConfigMap. A value may come from a Secret that exists already. */
  env?: Readonly<Record<string, EnvironmentValue>>;
  /** Files of the serving pod, by their absolute paths in it: by a ConfigMap. `from` is relative to the project's folder. */
  files?: Readonly<Record<string, { from: string } | { content: string } | SecretKey>>;
  /** Names of Secrets of type `kubernetes.io/dockerconfigjson` for pulling the image. */
  pullSecrets?: readonly string[];
  /** Who may reach the serving pods, and what pods may reach. `"open"`: no NetworkPolicy is made. */
  network?: NetworkRules | "open";
  model?: ModelDelivery;
  train?: TrainingPlacement;
}

export type Expose =
  | "clusterIP"
  | "nodePort"
  | "loadBalancer"
  | "ingress"
  | {
      service: "clusterIP" | "nodePort" | "loadBalancer";
      /** Default: the project's name. Another name makes a Service beside it, for example for the page alone. */
      name?: string;
      /** Default: the project's `serve.port`. */
      port?: number;
      /** 30000..32767; chosen by the cluster where missing. */
      nodePort?: number;
    }
  | { ingress: { host?: string; path?: string; class?: string; tlsSecret?: string } }
  /** A Gateway API HTTPRoute at a Gateway that exists. */
  | { gateway: { name: string; namespace?: string; section?: string; host?: string; path?: string } };

/** In Kubernetes's notation: `"250m"`, `"200Mi"`. They are requests; memory is the limit too. */
export interface Resources {
  cpu?: string;
  memory?: string;
  /** Whole GPUs: `nvidia.com/gpu`. */
  gpu?: number;
  /** Where the limit is not the request. CPU has no limit by default: throttling costs latency and protects nobody. */
  limits?: { cpu?: string; memory?: string };
}

export interface SecretKey {
  secret: string;
  key: string;
}

/** With `optional` a pod also starts where there is no such Secret: the variable is missing then. */
export type EnvironmentValue = string | (SecretKey & { optional?: boolean });

export interface NetworkRules {
  /**
   * Who may reach the serving port, besides this namespace and (where there is an `ingress` or `gateway`) the usual ingress controllers.
   * Default: nobody; with `nodePort` or `loadBalancer` everybody, since the caller's address is the node's by the time that it is looked at.
   */
  from?: readonly NetworkPeer[];
  /** What our pods may reach, besides DNS and the registry that they pull from. Default: nothing; training with `data: "fetch"`: everything. */
  to?: readonly NetworkPeer[] | "everywhere";
}

export type NetworkPeer =
  | { namespace: Readonly<Record<string, string>> }
  | { pods: Readonly<Record<string, string>> }
  | { cidr: string; except?: readonly string[] };

export interface ModelDelivery {
  /**
   * `"image"` (default): the image's last layer, immutable. `"registry"`: pulled at start, then the alias is followed without a restart.
   * `"volume"`: the same from the training's volume, for clusters without a registry; its nodes must be able to mount it together.
   */
  delivery?: "image" | "registry" | "volume";
  /** Default `champion`. */
  alias?: string;
  /** Seconds between two looks at the alias. Default 10. */
  every?: number;
}

export interface TrainingPlacement {
  /** `"cluster"` (default on a cluster): a Job. `"here"`: on this machine, and only the serving goes to the cluster. */
  on?: "cluster" | "here";
  /** Labels that the nodes must have which the training runs on. */
  nodes?: Readonly<Record<string, string>>;
  resources?: Resources;
  /** How the Job gets the dataset: as an OCI artifact by digest (default), from a volume, or fetched by the data source itself. */
  data?: "artifact" | "volume" | "fetch";
  /** A PersistentVolumeClaim for data, checkpoints and models: an existing one by `claim`, or one that is made. Mounted at /volume. */
  volume?: { claim?: string; size?: string; class?: string; access?: "ReadWriteOnce" | "ReadWriteMany" };
  /** How often a failed pod is tried again. Default 2. */
  retries?: number;
  /** Seconds. Default 6 hours. */
  deadline?: number;
  /** Seconds that an ended Job stays to be looked at. Default 1 day. */
  keep?: number;
  /** Five fields, in Kubernetes's notation: a CronJob that trains, gates and moves the alias. Needs `model.delivery` `"registry"` or `"volume"`. */
  schedule?: string;
  /** Default UTC. */
  timeZone?: string;
  /** A bring-your-own trainer's image (with Node ≥ 22 or not: only its `command` is run there; see the guide). */
  image?: string;
  env?: Readonly<Record<string, EnvironmentValue>>;
  /** Secret of type `kubernetes.io/dockerconfigjson` with which the Job pushes and pulls. */
  registrySecret?: string;
}
