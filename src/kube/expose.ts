/** @file What `deploy.expose` means: Services with their ports, Ingresses and HTTPRoutes. */
import type { DeployDefinition, Expose } from "../project/deploy.ts";
import { toObjectName } from "./names.ts";

export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer";

export interface ServicePlan {
  name: string;
  type: ServiceType;
  ports: readonly { port: number; nodePort?: number }[];
}

export type IngressPlan = Extract<Expose, { ingress: object }>["ingress"];
export type GatewayPlan = Extract<Expose, { gateway: object }>["gateway"];

export interface Exposure {
  /** The project's own first; it is always there, since Ingress and Gateway lead to it. */
  services: readonly ServicePlan[];
  ingresses: readonly IngressPlan[];
  gateways: readonly GatewayPlan[];
}

type ServiceEntry = Extract<Expose, { service: string }>;

/** `port` is the server's. Entries that name the same Service are one Service with all their ports, of the most open type. */
export function readExposure(project: string, deploy: DeployDefinition, port: number): Exposure {
  const entries = [deploy.expose ?? "clusterIP"].flat().map(expand);
  const own = toObjectName(project);
  const services = new Map<string, ServiceEntry[]>([[own, []]]);
  for (const entry of entries) {
    if (!("service" in entry)) continue;
    const name = entry.name ?? own;
    services.set(name, [...(services.get(name) ?? []), entry]);
  }
  return {
    services: [...services].map(([name, asked]) => planService(name, asked, port)),
    ingresses: entries.flatMap((entry) => ("ingress" in entry ? [entry.ingress] : [])),
    gateways: entries.flatMap((entry) => ("gateway" in entry ? [entry.gateway] : [])),
  };
}

/** Whether callers come from outside through a node's address, which then stands in place of their own. */
export function isOpenToNodes({ services }: Exposure): boolean {
  return services.some(({ type }) => type !== "ClusterIP");
}

function expand(entry: Expose): Exclude<Expose, string> {
  if (typeof entry !== "string") return entry;
  return entry === "ingress" ? { ingress: {} } : { service: entry };
}

const types: Readonly<Record<ServiceEntry["service"], ServiceType>> = {
  clusterIP: "ClusterIP",
  nodePort: "NodePort",
  loadBalancer: "LoadBalancer",
};
const openness: readonly ServiceType[] = ["ClusterIP", "NodePort", "LoadBalancer"];

function planService(name: string, asked: readonly ServiceEntry[], usual: number): ServicePlan {
  const ports = new Map<number, { port: number; nodePort?: number }>();
  for (const { port = usual, nodePort } of asked)
    ports.set(port, { ...ports.get(port), port, ...(nodePort !== undefined && { nodePort }) });
  const type = openness[Math.max(0, ...asked.map(({ service }) => openness.indexOf(types[service])))]!;
  return { name, type, ports: ports.size === 0 ? [{ port: usual }] : [...ports.values()] };
}
