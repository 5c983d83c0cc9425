/** @file The parts of Kubernetes's objects that are read here, as its API documents them. */
import type { LiveObject } from "./types.ts";

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    exitCode: number;
    signal?: number;
    reason?: string;
    message?: string;
    startedAt?: string;
    finishedAt?: string;
  };
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  image: string;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface Probe {
  httpGet?: { path?: string; port: number | string };
  tcpSocket?: { port: number | string };
  exec?: { command: string[] };
  grpc?: { port: number };
  periodSeconds?: number;
  failureThreshold?: number;
}

export interface Container {
  name: string;
  image: string;
  ports?: { name?: string; containerPort: number }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
}

export interface PodSpec {
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  containers: Container[];
  initContainers?: Container[];
  volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[];
  serviceAccountName?: string;
}

export interface Pod extends LiveObject {
  spec: PodSpec;
  status?: {
    phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
    reason?: string;
    message?: string;
    podIP?: string;
    startTime?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

export interface Deployment extends LiveObject {
  spec: {
    replicas?: number;
    paused?: boolean;
    selector: { matchLabels: Record<string, string> };
    template: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    conditions?: Condition[];
  };
}

export interface ReplicaSet extends LiveObject {
  spec: { replicas?: number };
  status?: { replicas?: number; readyReplicas?: number; conditions?: Condition[] };
}

export interface Job extends LiveObject {
  spec: {
    completions?: number;
    backoffLimit?: number;
    activeDeadlineSeconds?: number;
    suspend?: boolean;
    selector?: { matchLabels: Record<string, string> };
  };
  status?: {
    active?: number;
    succeeded?: number;
    failed?: number;
    startTime?: string;
    completionTime?: string;
    conditions?: Condition[];
  };
}

export interface Claim extends LiveObject {
  spec: { storageClassName?: string; resources?: { requests?: { storage?: string } } };
  status?: { phase?: "Pending" | "Bound" | "Lost" };
}

export interface Service extends LiveObject {
  spec: {
    type?: string;
    clusterIP?: string;
    selector?: Record<string, string>;
    ports?: { name?: string; port: number; targetPort?: number | string; nodePort?: number }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

export interface Ingress extends LiveObject {
  spec: {
    ingressClassName?: string;
    tls?: { hosts?: string[] }[];
    rules?: { host?: string; http?: { paths: { path?: string }[] } }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

export interface HttpRoute extends LiveObject {
  spec: {
    parentRefs?: { name: string; namespace?: string; sectionName?: string }[];
    hostnames?: string[];
    rules?: { matches?: { path?: { value?: string } }[] }[];
  };
  status?: { parents?: { parentRef: { name: string; namespace?: string }; conditions?: Condition[] }[] };
}

export interface Gateway extends LiveObject {
  spec: { listeners?: { name: string; port: number; protocol: string; hostname?: string }[] };
  status?: { addresses?: { type?: string; value: string }[] };
}

export interface Node extends LiveObject {
  spec: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  status?: {
    allocatable?: Record<string, string>;
    conditions?: Condition[];
    addresses?: { type: string; address: string }[];
    nodeInfo?: { architecture: string };
  };
}

export interface EndpointSlice extends LiveObject {
  endpoints?: {
    addresses: string[];
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
    targetRef?: { kind: string; name: string; uid?: string };
  }[];
}

export interface KubeEvent extends LiveObject {
  type?: "Normal" | "Warning";
  reason?: string;
  message?: string;
  count?: number;
  firstTimestamp?: string;
  lastTimestamp?: string;
  eventTime?: string;
  series?: { count?: number; lastObservedTime?: string };
  involvedObject: { kind: string; name: string; namespace?: string; uid?: string; fieldPath?: string };
}

interface Kinds {
  Pod: Pod;
  Deployment: Deployment;
  ReplicaSet: ReplicaSet;
  Job: Job;
  PersistentVolumeClaim: Claim;
  Service: Service;
  Ingress: Ingress;
  HTTPRoute: HttpRoute;
  Gateway: Gateway;
  Node: Node;
  EndpointSlice: EndpointSlice;
  Event: KubeEvent;
}

/** Those of one kind, oldest first. */
export function pick<K extends keyof Kinds>(objects: readonly LiveObject[], kind: K): Kinds[K][] {
  const found = objects.filter((object) => object.kind === kind) as Kinds[K][];
  return found.toSorted((a, b) => compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp));
}

export function ownedBy(owner: LiveObject): (object: LiveObject) => boolean {
  return ({ metadata }) => (metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.metadata.uid);
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

export function isReady({ status, metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && isTrue(status?.conditions, "Ready");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
