/** @file What the functions of this folder pass among each other. Only client.ts knows the client library. */
import type { KubeObject } from "../../kube/types.ts";

/** One API server, spoken to as one user. Made by `openCluster`; close it when done. */
export interface Cluster {
  readonly context: string;
  /** URL of the API server. */
  readonly server: string;
  /** The namespace to use where nothing else is said: the option's, else the context's, else `default`. */
  readonly namespace: string;
  /** `v1.34.4` */
  readonly version: string;
  /** Sends one request and reads its JSON answer. Waits for an API server that is away. Throws the errors of ../errors.ts. */
  request<T = LiveObject>(request: ApiRequest): Promise<T>;
  /** The same, but the answer's bytes as they come: watches and logs. */
  stream(request: ApiRequest & StreamOptions): Promise<ByteStream>;
  /** Opens a WebSocket of a pod's subresource (exec, portforward). */
  openChannel(path: string, ref: Ref, handlers: ChannelHandlers): Promise<Channel>;
  /** How objects of a kind are addressed. Asked for once per group and version. Throws `kindUnknown`. */
  findResource(apiVersion: string, kind: string): Promise<Resource>;
  close(): void;
}

export interface ClusterOptions {
  /** Name of a kubeconfig context; `in-cluster` for the service account of the pod that this runs in. */
  context: string;
  /** Path of a kubeconfig, or several as in KUBECONFIG. Default: KUBECONFIG, else ~/.kube/config. */
  kubeconfig?: string;
  namespace?: string;
  /** Told why we wait for the API server, and `undefined` when it is back. */
  onWait?: (text: string | undefined) => void;
  /** Milliseconds to wait for an API server that is away. Default 2 minutes; the first contact gets 10 s of them. */
  patienceMs?: number;
  signal?: AbortSignal;
}

/** An object's address. */
export interface Ref {
  apiVersion: string;
  kind: string;
  name?: string;
  namespace?: string;
}

export interface Resource {
  apiVersion: string;
  kind: string;
  /** `""` for the core group. */
  group: string;
  plural: string;
  namespaced: boolean;
  verbs: readonly string[];
}

export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the server's root: `/api/v1/namespaces/default/pods`. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  body?: unknown;
  /** Default `application/json`. */
  contentType?: string;
  /** What it is about, for errors. */
  ref: Ref;
  /** What is done to it, as RBAC names it: get, list, watch, create, patch, update, delete. */
  verb: string;
  signal?: AbortSignal | undefined;
}

export interface StreamOptions {
  /** Milliseconds without a byte after which the stream has failed. */
  idleMs: number;
}

export interface ByteStream extends AsyncIterable<Uint8Array> {
  close(): void;
}

export interface ChannelHandlers {
  /** A message of one of the numbered streams. Return a promise to slow the sender down. */
  onMessage(stream: number, bytes: Buffer): void;
  onClose(): void;
}

export interface Channel {
  send(stream: number, bytes: Uint8Array): void;
  /** Says that nothing more comes on a stream (v5 of the protocol; earlier ones cannot say it). */
  end(stream: number): boolean;
  /** Bytes that are not sent yet. */
  readonly buffered: number;
  pause(): void;
  resume(): void;
  close(): void;
}

/** An object as the API server returns it. Fields are read by the paths that the API's documentation gives. */
export interface LiveObject extends KubeObject {
  metadata: KubeObject["metadata"] & {
    uid: string;
    resourceVersion: string;
    generation?: number;
    creationTimestamp: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
    managedFields?: ManagedField[];
  };
}

export interface ManagedField {
  manager: string;
  operation: "Apply" | "Update";
  subresource?: string;
  time?: string;
  fieldsV1?: Record<string, unknown>;
}

export interface ObjectList {
  metadata: { resourceVersion: string; continue?: string };
  items: LiveObject[];
}
