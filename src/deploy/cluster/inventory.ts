/**
 * @file Which objects belong together, written into the cluster as KEP-3659 (ApplySet) has it, so that kubectl and others understand it:
 * a parent with an id and the kinds there are, and members that carry the id. Pure. https://kep.k8s.io/3659
 */
import { createHash } from "node:crypto";
import { toLabels } from "../../kube/labels.ts";
import { toObjectName } from "../../kube/names.ts";
import { domain, type KubeObject } from "../../kube/types.ts";
import type { Ref } from "./types.ts";

/** What serves, or what trains: the one must not prune the other. */
export type InventorySet = "server" | "training";

export const partOf = "applyset.kubernetes.io/part-of";
const idLabel = "applyset.kubernetes.io/id";
export const toolingAnnotation = "applyset.kubernetes.io/tooling";
const kindsAnnotation = "applyset.kubernetes.io/contains-group-kinds";
const namespacesAnnotation = "applyset.kubernetes.io/additional-namespaces";
export const setLabel = `${domain}/inventory`;
/** `<name>/<semantic version>`; the version is the format's. */
export const tooling = "slipway/v1.0.0";

export type ParentRef = Ref & { name: string; namespace: string };

/** `slipway-digits`, and `slipway-digits.training` beside it: no project's name has a dot. */
export function parentRef(project: string, namespace: string, set: InventorySet): ParentRef {
  const name = `slipway-${toObjectName(project)}${set === "server" ? "" : `.${set}`}`;
  return { apiVersion: "v1", kind: "ConfigMap", name, namespace };
}

/** Made of where the parent is, so that it can be found again when the parent is lost. */
export function inventoryId({ name, namespace, kind }: ParentRef): string {
  const hash = createHash("sha256").update(`${name}.${namespace}.${kind}.`).digest("base64url");
  return `applyset-${hash}-v1`;
}

export function makeParent(project: string, ref: ParentRef, set: InventorySet): KubeObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      labels: { ...toLabels(project), [setLabel]: set, [idLabel]: inventoryId(ref) },
      annotations: { [toolingAnnotation]: tooling, [kindsAnnotation]: "" },
    },
  };
}

/** The object as a member. */
export function markMember(object: KubeObject, id: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [partOf]: id } } };
}

/** `Deployment.apps`, `Service`: sorted, each once. */
export function listGroupKinds(objects: readonly Pick<Ref, "apiVersion" | "kind">[]): string[] {
  return [...new Set(objects.map(groupKindOf))].toSorted();
}

export function groupKindOf({ apiVersion, kind }: Pick<Ref, "apiVersion" | "kind">): string {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return group === "" ? kind : `${kind}.${group}`;
}

export interface Contents {
  kinds: readonly string[];
  /** Besides the parent's own. */
  namespaces: readonly string[];
}

export function readContents({ metadata: { annotations = {} } }: KubeObject): Contents {
  const split = (text = ""): string[] => text.split(",").filter((part) => part !== "");
  return { kinds: split(annotations[kindsAnnotation]), namespaces: split(annotations[namespacesAnnotation]) };
}

export function withContents<T extends KubeObject>(parent: T, { kinds, namespaces }: Contents): T {
  const { [namespacesAnnotation]: _, ...annotations } = parent.metadata.annotations ?? {};
  const join = (names: readonly string[]): string => [...new Set(names)].toSorted().join(",");
  return {
    ...parent,
    metadata: {
      ...parent.metadata,
      annotations: {
        ...annotations,
        [kindsAnnotation]: join(kinds),
        ...(namespaces.length > 0 && { [namespacesAnnotation]: join(namespaces) }),
      },
    },
  };
}

/**
 * Kinds by which members are looked for, with the version we speak. The inventory names groups and kinds only; what it names beyond
 * these was put there by a later version of ours.
 */
const known: readonly Pick<Ref, "apiVersion" | "kind">[] = [
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
  { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
  { apiVersion: "batch/v1", kind: "CronJob" },
  { apiVersion: "batch/v1", kind: "Job" },
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
  { apiVersion: "v1", kind: "ConfigMap" },
  { apiVersion: "v1", kind: "Secret" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "PersistentVolumeClaim" },
];

/** The kinds of an inventory in the order in which they are taken away: what sends traffic first, what others mount last. */
export function findKinds(kinds: readonly string[]): { known: Pick<Ref, "apiVersion" | "kind">[]; unknown: string[] } {
  const names = new Set(known.map(groupKindOf));
  return {
    known: known.filter((entry) => kinds.includes(groupKindOf(entry))),
    unknown: kinds.filter((kind) => !names.has(kind)),
  };
}

export const allKinds: readonly string[] = known.map(groupKindOf);
/** Left where they are unless that is asked for: they hold data. */
export const keptKinds: ReadonlySet<string> = new Set(["PersistentVolumeClaim"]);

/** In which order objects are applied: what others need comes first. Equal ranks go together. */
export function rankOf({ kind }: Pick<Ref, "kind">): number {
  const ranks: Record<string, number> = {
    Namespace: 0,
    ServiceAccount: 1,
    Secret: 1,
    ConfigMap: 1,
    PersistentVolumeClaim: 1,
    NetworkPolicy: 1,
    Role: 1,
    RoleBinding: 2,
    Service: 2,
  };
  const last: Record<string, number> = { HorizontalPodAutoscaler: 4, PodDisruptionBudget: 4, Ingress: 4, HTTPRoute: 4 };
  return ranks[kind] ?? last[kind] ?? 3;
}
