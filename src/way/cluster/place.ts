/** @file Where a project goes on a cluster, found out before anything is changed: the API server, the namespace, the nodes' platforms, and the way of its images. */
import { openRegistryStore } from "../../artifact/store/registry.ts";
import type { Store } from "../../artifact/types.ts";
import { findSlipwayError } from "../../base/errors.ts";
import type { Report } from "../../base/progress.ts";
import { ownsNamespace } from "../../deploy/cluster/namespace.ts";
import { getObject, listObjects } from "../../deploy/cluster/objects.ts";
import { openCluster } from "../../deploy/cluster/open.ts";
import type { Cluster } from "../../deploy/cluster/types.ts";
import { clusterForbidden } from "../../deploy/errors.ts";
import type { BuildOptions } from "../../image/build.ts";
import { chooseDelivery } from "../../image/delivery/choose.ts";
import { listPlatforms, readHere, toNodeFacts } from "../../image/delivery/nodes.ts";
import type { Delivery, DeliveryFacts, NodeFacts } from "../../image/delivery/types.ts";
import { openNodes } from "../../image/destinations/find.ts";
import { platforms as allPlatforms } from "../../image/platform.ts";
import { openBase } from "../../image/registry-base.ts";
import type { Platform } from "../../image/types.ts";
import { parsePrefix } from "../../oci/reference.ts";
import type { RegistryOptions } from "../../oci/registry.ts";
import type { DeployDefinition } from "../../project/deploy.ts";
import type { Project } from "../../project/types.ts";
import { followNeedsRegistry, registryNotInside } from "../errors.ts";

export interface ClusterChoice {
  /** Name of a kubeconfig context. */
  context: string;
  namespace?: string | undefined;
  kubeconfig?: string | undefined;
  /** Goes before the project's. */
  registry?: string | undefined;
  /** The same; at most one of the two is given. */
  import?: readonly string[] | undefined;
  /** What images stand on: a reference, or `host` (default). */
  base?: string | undefined;
}

export interface ClusterPlace {
  cluster: Cluster;
  namespace: string;
  /** The namespace is missing, or one that we made. */
  ownsNamespace: boolean;
  delivery: Delivery;
  /** What the nodes run. */
  platforms: readonly Platform[];
  /** What both images stand on: the one that serves, and the one that trains. */
  base: BuildOptions["base"];
  deploy: DeployDefinition;
  close(): void;
}

/** Throws what opening a cluster throws, `chooseDelivery`, what nodes say that let nobody in, and `followNeedsRegistry`. Changes nothing. */
export async function openPlace(
  project: Pick<Project, "definition">,
  { context, namespace, kubeconfig, registry, import: importTo, base = "host" }: ClusterChoice,
  { report, signal }: { report: Report; signal: AbortSignal },
): Promise<ClusterPlace> {
  const { deploy = {} } = project.definition;
  const wanted = namespace ?? deploy.namespace;
  const cluster = await openCluster({
    context,
    signal,
    onWait: (text) => text !== undefined && report({ step: "target", label: text }),
    ...(wanted !== undefined && { namespace: wanted }),
    ...(kubeconfig !== undefined && { kubeconfig }),
  });
  try {
    const [nodes, hosting, isOurs] = await Promise.all([
      listNodes(cluster),
      readHostingData(cluster),
      // Who may not look at namespaces was given this one by others.
      ownsNamespace(cluster, cluster.namespace).catch(ignoreForbidden),
    ]);
    const delivery = await chooseDelivery({
      option: registry,
      optionImport: importTo,
      project: deploy.registry,
      projectImport: deploy.import,
      hosting,
      context,
      nodes,
      here: readHere(),
    });
    if (delivery.kind === "import" && deploy.model?.delivery === "registry") throw followNeedsRegistry({ context });
    return {
      cluster,
      namespace: cluster.namespace,
      ownsNamespace: isOurs ?? false,
      delivery,
      platforms: delivery.kind === "import" ? [await openNodes(delivery.to).platform(signal)] : choosePlatforms(nodes),
      base: openBase(base, signal),
      deploy,
      close: () => cluster.close(),
    };
  } catch (error) {
    cluster.close();
    throw error;
  }
}

/** Who may not list nodes builds for all that there could be. */
function choosePlatforms(nodes: readonly NodeFacts[]): readonly Platform[] {
  return nodes.length === 0 ? allPlatforms : listPlatforms(nodes);
}

/** Whether the volume is the store: then pods alone see it, train, judge and move the alias. */
export function isOnVolume({ deploy }: Pick<ClusterPlace, "deploy">): boolean {
  return deploy.model?.delivery === "volume";
}

/** A store of models that pods reach too. */
export interface SharedStore {
  /** From here. */
  store: Store;
  /** As pods name it: asked for where pods use it alone. */
  readonly inside: { prefix: string; insecure: boolean };
}

/** Undefined without a registry. Its `inside` throws `registryNotInside` where nobody said what pods call it. */
export function openSharedStore(place: ClusterPlace, report: Report): SharedStore | undefined {
  const { delivery } = place;
  if (delivery.kind !== "registry") return undefined;
  const { push, insecure } = delivery;
  return {
    store: openRegistryStore(`${push}/models`, { ...registryOptions(place), report }),
    get inside() {
      return { prefix: `${requireInside(place)}/models`, insecure };
    },
  };
}

/** How pods name the registry. */
export function requireInside({ delivery }: ClusterPlace): string {
  if (delivery.kind === "registry" && delivery.inside !== undefined) return delivery.inside;
  throw registryNotInside({ registry: delivery.kind === "registry" ? delivery.push : "none" });
}

export function registryOptions({ delivery }: Pick<ClusterPlace, "delivery">): RegistryOptions {
  if (delivery.kind !== "registry" || !delivery.insecure) return {};
  return { insecure: [parsePrefix(delivery.push).registry] };
}

async function listNodes(cluster: Cluster): Promise<NodeFacts[]> {
  const found = await listObjects(cluster, { apiVersion: "v1", kind: "Node" }).catch(ignoreForbidden);
  return (found?.items ?? []).map(toNodeFacts);
}

async function readHostingData(cluster: Cluster): Promise<DeliveryFacts["hosting"]> {
  const ref = { apiVersion: "v1", kind: "ConfigMap", name: "local-registry-hosting", namespace: "kube-public" };
  try {
    const found = await getObject(cluster, ref);
    return found?.["data"] as Readonly<Record<string, string>> | undefined;
  } catch (error) {
    ignoreForbidden(error);
    return "forbidden";
  }
}

function ignoreForbidden(error: unknown): undefined {
  if (findSlipwayError(error)?.code !== clusterForbidden.code) throw error;
}
