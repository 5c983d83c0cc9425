import { findSlipwayError } from "../../base/errors.ts";
import { kindUnknown, objectMissing } from "../errors.ts";
import type { Cluster, Ref, Resource } from "./types.ts";

/** Asks which kinds there are, once per group and version. What is missing is asked for again: a CRD may have been installed. */
export function createDiscovery(cluster: Pick<Cluster, "request" | "context">): {
  find(apiVersion: string, kind: string): Promise<Resource>;
} {
  const lists = new Map<string, Promise<readonly Resource[]>>();
  const read = (apiVersion: string): Promise<readonly Resource[]> => {
    const known = lists.get(apiVersion);
    if (known !== undefined) return known;
    const asked = readResources(cluster, apiVersion);
    lists.set(apiVersion, asked);
    // The caller is told; only the memory of it goes.
    asked.then((found) => found.length === 0 && lists.delete(apiVersion)).catch(() => lists.delete(apiVersion));
    return asked;
  };
  return {
    async find(apiVersion, kind) {
      const found = (await read(apiVersion)).find((resource) => resource.kind === kind);
      if (found !== undefined) return found;
      lists.delete(apiVersion);
      throw kindUnknown({ apiVersion, kind, context: cluster.context, hint: findHint(apiVersion) });
    },
  };
}

/** `/apis/apps/v1/namespaces/models/deployments/digits`; without a name, the collection. */
export function pathOf(resource: Resource, { namespace, name }: Pick<Ref, "namespace" | "name">): string {
  return [
    resource.group === "" ? `/api/${resource.apiVersion}` : `/apis/${resource.apiVersion}`,
    ...(resource.namespaced && namespace !== undefined ? ["namespaces", encodeURIComponent(namespace)] : []),
    resource.plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
  ].join("/");
}

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
}

async function readResources(cluster: Pick<Cluster, "request">, apiVersion: string): Promise<readonly Resource[]> {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  const path = group === "" ? `/api/${apiVersion}` : `/apis/${apiVersion}`;
  const ref = { apiVersion, kind: "APIResourceList" };
  try {
    const { resources } = await cluster.request<{ resources: ApiResource[] }>({
      method: "GET",
      path,
      ref,
      verb: "get",
    });
    return resources
      .filter(({ name }) => !name.includes("/"))
      .map(({ name, kind, namespaced, verbs }) => ({ apiVersion, kind, group, plural: name, namespaced, verbs }));
  } catch (error) {
    // No such group or version: nothing of it is there.
    if (findSlipwayError(error)?.code === objectMissing.code) return [];
    throw error;
  }
}

function findHint(apiVersion: string): string {
  if (apiVersion.startsWith("gateway.networking.k8s.io/"))
    return "Install the Gateway API and a controller for it (https://gateway-api.sigs.k8s.io/guides), or expose the service by ingress or loadBalancer.";
  if (apiVersion.startsWith("metrics.k8s.io/")) return "Install metrics-server: the autoscaler needs it.";
  return "Install what brings that kind, or use a cluster that has it; `kubectl api-resources` lists what is there.";
}
