/** @file What goes into a cluster, as plain values. Nothing in this room touches a file, a socket or a process. */
import type { DeployDefinition, NetworkPeer } from "../project/deploy.ts";

/** A Kubernetes object as it is applied: only the fields that we own. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Label and annotation names of ours begin with it. */
export const domain = "slipway.dev";
/** Field manager of server-side apply. */
export const fieldManager = "slipway";

/** How a pod gets an image. */
export interface ImageSource {
  /** `localhost:5001/digits@sha256:…`, or, where it was imported into the nodes, a tag named by content. */
  reference: string;
  pull: "IfNotPresent" | "Never" | "Always";
}

/** Everything that the objects of a serving release depend on. */
export interface ServerRelease {
  /** The project's name. */
  project: string;
  namespace: string;
  /** The server's port. */
  port: number;
  image: ImageSource;
  /** `digits@sha256:…`: which model is served first. Undefined for a project without a model. */
  model?: { name: string; digest: string };
  /**
   * Where the model comes from: a registry prefix as pods reach it, for `model.delivery: "registry"` (`10.89.0.1:5001/models`; plain HTTP
   * where `insecure`); or the store's folder on the volume, for `"volume"` (`/volume/store`).
   */
  store?: { prefix: string; insecure: boolean } | { path: string };
  deploy: DeployDefinition;
  /** Contents of `deploy.files` that came from files, by their paths in the pod. */
  files: Readonly<Record<string, string>>;
  /** Of the bundled project: with the image's and the model's digests it names the release. */
  codeDigest: string;
  /** The namespace is missing, or was made by us: then it is among the objects. One that others made is not ours to label or delete. */
  ownsNamespace?: boolean;
  /** Where the cluster's ingress controllers run, as far as it was found out. Default: the namespaces that they are usually installed in. */
  ingressFrom?: readonly NetworkPeer[];
}

/** Everything that the objects of a training depend on. */
export interface TrainingRun {
  project: string;
  namespace: string;
  /** Digest of the run's inputs (dataset, code, parameters, seed): the Job's name, so that nobody trains the same twice. */
  inputs: string;
  image: ImageSource;
  /** Dataset as an OCI artifact as pods reach it, by digest; or a path on the volume. */
  data?: { reference: string } | { path: string };
  store: { prefix: string; insecure: boolean } | { path: string };
  deploy: DeployDefinition;
  /** Further environment of the trainer: settings that the job's program reads. */
  env: Readonly<Record<string, string>>;
  /** For experiments: an Indexed Job with as many completions. */
  completions?: number;
  /** With `train.image`: what runs in that image, between our own preparing and finishing (`SLIPWAY_JOB_PHASE`). */
  command?: readonly string[];
  /** As for a release. */
  ownsNamespace?: boolean;
}
