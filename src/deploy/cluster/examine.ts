/** @file One look at everything of a project on a cluster, and what is wrong with it. */
import { projectLabel } from "../../kube/labels.ts";
import { toLabelValue } from "../../kube/names.ts";
import { createCollector } from "./collect.ts";
import { explain } from "./explain/explain.ts";
import type { Finding } from "./explain/finding.ts";
import { listVisible } from "./objects.ts";
import { ownedBy, pick } from "./shapes.ts";
import type { Cluster, LiveObject, Ref } from "./types.ts";

/** Those that carry the project's label. */
const ours: readonly Pick<Ref, "apiVersion" | "kind">[] = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "apps/v1", kind: "ReplicaSet" },
  { apiVersion: "v1", kind: "Pod" },
  { apiVersion: "batch/v1", kind: "Job" },
  { apiVersion: "v1", kind: "PersistentVolumeClaim" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
  { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
];

export interface Examination {
  findings: Finding[];
  /** All that was looked at: those of earlier releases too. */
  objects: LiveObject[];
}

/** What a user may not see is left out of the picture. */
export async function examineProject(
  cluster: Cluster,
  { project, namespace }: { project: string; namespace: string },
): Promise<Examination> {
  const labels = { [projectLabel]: toLabelValue(project) };
  const lists = await Promise.all([
    ...ours.map((kind) => listVisible(cluster, { ...kind, namespace, labels })),
    listVisible(cluster, { apiVersion: "v1", kind: "Event", namespace }),
    listVisible(cluster, { apiVersion: "networking.k8s.io/v1", kind: "IngressClass" }),
  ]);
  const objects = lists.flat();
  const current = dropReplaced(objects);
  const pods = pick(current, "Pod");
  const collector = createCollector(cluster);
  const [logs, nodes] = await Promise.all([collector.logs(pods), collector.nodes(pods)]);
  const names = new Set(current.map(({ metadata }) => metadata.name));
  const known = new Set(current.map(({ metadata }) => metadata.uid));
  const others = nodes.filter(({ metadata }) => !known.has(metadata.uid));
  const findings = explain({ objects: [...current, ...others], logs, now: Date.now() });
  return { findings: findings.filter(({ object }) => object.kind !== "Pod" || names.has(object.name)), objects };
}

/** Without the troubles of earlier releases: only a Deployment's newest ReplicaSet and its pods count. */
function dropReplaced(objects: readonly LiveObject[]): LiveObject[] {
  const sets = pick(objects, "ReplicaSet");
  const newest = pick(objects, "Deployment").flatMap((deployment) => sets.filter(ownedBy(deployment)).slice(-1));
  const old = sets.filter((set) => !newest.includes(set));
  return objects.filter(
    (object) =>
      !(object.kind === "ReplicaSet" && !newest.some(({ metadata }) => metadata.uid === object.metadata.uid)) &&
      !old.some((set) => ownedBy(set)(object)),
  );
}
