/** @file The addresses at which a project's server is reached, as the cluster has them now, and which of them answer from here. */
import { askHttp } from "../../base/ask.ts";
import { projectLabel } from "../../kube/labels.ts";
import { toLabelValue } from "../../kube/names.ts";
import { getObject, isHidden, listVisible } from "./objects.ts";
import { type Gateway, type HttpRoute, type Ingress, type Node, pick, type Service } from "./shapes.ts";
import type { Cluster, LiveObject } from "./types.ts";

export interface Endpoint {
  kind: "loadBalancer" | "gateway" | "ingress" | "nodePort";
  /** As callers write it, without a slash at the end. With a host name where the route has one, whether this machine resolves it or not. */
  url: string;
  /** Where the name leads, so that it can be reached without DNS: an address and a port. */
  address: { host: string; port: number };
  /** The Host header that the route wants. */
  host?: string;
  /** Whether its readiness answered from this machine. */
  reachable: boolean;
  /** Digest of the model that answered. */
  model?: string;
}

/** Every answer of a server names its model by it. */
export const modelHeader = "x-model-digest";
/** Milliseconds for one address to answer. */
const answerMs = 2000;

/** The best for a caller first; those that answer before those that do not. */
export async function findEndpoints(
  cluster: Cluster,
  { project, namespace }: { project: string; namespace: string },
): Promise<Endpoint[]> {
  const labels = { [projectLabel]: toLabelValue(project) };
  const list = (apiVersion: string, kind: string): Promise<LiveObject[]> =>
    listVisible(cluster, { apiVersion, kind, namespace, labels });
  const [services, ingresses, routes] = await Promise.all([
    list("v1", "Service"),
    list("networking.k8s.io/v1", "Ingress"),
    list("gateway.networking.k8s.io/v1", "HTTPRoute"),
  ]);
  const found = [
    ...(await fromServices(cluster, pick(services, "Service"))),
    ...(await fromRoutes(cluster, namespace, pick(routes, "HTTPRoute"))),
    ...pick(ingresses, "Ingress").flatMap(fromIngress),
  ];
  const tried = await Promise.all(found.map(async (endpoint) => ({ ...endpoint, ...(await tryAnswer(endpoint)) })));
  const order = ["loadBalancer", "gateway", "ingress", "nodePort"];
  return tried.toSorted(
    (a, b) => Number(b.reachable) - Number(a.reachable) || order.indexOf(a.kind) - order.indexOf(b.kind),
  );
}

type Found = Omit<Endpoint, "reachable" | "model">;

async function fromServices(cluster: Cluster, services: readonly Service[]): Promise<Found[]> {
  const balanced = services.flatMap(({ spec, status }) =>
    (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }): Found[] => {
      const host = hostname ?? ip;
      const port = spec.ports?.[0]?.port;
      return host === undefined || port === undefined
        ? []
        : [{ kind: "loadBalancer", url: toUrl(host, port), address: { host, port } }];
    }),
  );
  const ports = services.flatMap(({ spec }) => (spec.type === "NodePort" ? (spec.ports?.[0]?.nodePort ?? []) : []));
  if (ports.length === 0) return balanced;
  const nodes = await listVisible(cluster, { apiVersion: "v1", kind: "Node" });
  const host = pick(nodes, "Node")
    .map(addressOf)
    .find((address) => address !== undefined);
  if (host === undefined) return balanced;
  return [
    ...balanced,
    ...ports.map((port): Found => ({ kind: "nodePort", url: toUrl(host, port), address: { host, port } })),
  ];
}

/** One that callers from outside can use, if the node has one. */
function addressOf({ status }: Node): string | undefined {
  const addresses = status?.addresses ?? [];
  const of = (type: string): string | undefined => addresses.find((address) => address.type === type)?.address;
  return of("ExternalIP") ?? of("InternalIP");
}

function fromIngress({ spec, status }: Ingress): Found[] {
  const [first] = status?.loadBalancer?.ingress ?? [];
  const address = first?.ip ?? first?.hostname;
  return (spec.rules ?? []).flatMap(({ host, http: rules }): Found[] => {
    const secure = host !== undefined && (spec.tls ?? []).some(({ hosts = [] }) => hosts.includes(host));
    const port = secure ? 443 : 80;
    const to = address ?? host;
    if (to === undefined) return [];
    const path = rules?.paths[0]?.path ?? "/";
    return [
      {
        kind: "ingress",
        url: toUrl(host ?? to, port, path),
        address: { host: to, port },
        ...(host !== undefined && { host }),
      },
    ];
  });
}

async function fromRoutes(cluster: Cluster, namespace: string, routes: readonly HttpRoute[]): Promise<Found[]> {
  const found = await Promise.all(
    routes.flatMap(({ spec }) =>
      (spec.parentRefs ?? []).map(async (parent): Promise<Found[]> => {
        const gateway = (await getObject(cluster, {
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "Gateway",
          name: parent.name,
          namespace: parent.namespace ?? namespace,
        }).catch(ignoreHidden)) as Gateway | undefined;
        const listener = chooseListener(gateway, parent.sectionName);
        const address = gateway?.status?.addresses?.[0]?.value;
        const host = spec.hostnames?.[0];
        const to = address ?? host;
        if (to === undefined) return [];
        const port = listener?.port ?? 80;
        const path = spec.rules?.[0]?.matches?.[0]?.path?.value ?? "/";
        return [
          {
            kind: "gateway",
            url: toUrl(host ?? to, port, path),
            address: { host: to, port },
            ...(host !== undefined && { host }),
          },
        ];
      }),
    ),
  );
  return found.flat();
}

function chooseListener(gateway: Gateway | undefined, name: string | undefined) {
  const listeners = gateway?.spec.listeners ?? [];
  return listeners.find((listener) => listener.name === name) ?? listeners.find(({ protocol }) => protocol === "HTTP");
}

function toUrl(host: string, port: number, path = "/"): string {
  const name = host.includes(":") ? `[${host}]` : host;
  const place = port === 80 ? "" : port === 443 ? "" : `:${port}`;
  return `${port === 443 ? "https" : "http"}://${name}${place}${path === "/" ? "" : path.replace(/\/$/, "")}`;
}

/** Asks the server's readiness as a caller would: by address, with the route's host name. A TLS route is only known by its port. */
async function tryAnswer({ url, address, host }: Found): Promise<Pick<Endpoint, "reachable" | "model">> {
  const { pathname, protocol } = new URL(url);
  const signal = AbortSignal.timeout(answerMs);
  try {
    if (protocol === "https:") return { reachable: (await fetch(`${url}/readyz`, { signal })).ok };
    const direct = `${toUrl(address.host, address.port, pathname)}/readyz`;
    const { status, headers } = await askHttp(direct, {
      agent: false,
      signal,
      ...(host !== undefined && { headers: { host } }),
    });
    const model = headers[modelHeader];
    return { reachable: status === 200, ...(status === 200 && typeof model === "string" && { model }) };
  } catch {
    // Refused, unknown or too slow: whatever it is, callers from here do not reach it.
    return { reachable: false };
  }
}

function ignoreHidden(error: unknown): undefined {
  if (!isHidden(error)) throw error;
}
