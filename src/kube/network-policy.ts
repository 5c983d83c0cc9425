/** @file Who may reach our pods, and what they may reach. Policies see packets after the Service's translation: a pod's address and a pod's port. */
import type { NetworkPeer, NetworkRules } from "../project/deploy.ts";
import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

export interface Registry {
  /** With its port, where it is not the usual one: `10.89.0.1:5001`. */
  host: string;
  insecure: boolean;
}

export interface Policy {
  selector: Readonly<Record<string, string>>;
  /** Undefined: nobody may come in. */
  ingress?: { port: number; from: readonly Caller[] | "everybody" };
  registries: readonly Registry[];
  to: NetworkRules["to"];
}

/** A peer as projects name it, or any pod of some namespaces. */
export type Caller = NetworkPeer | { namespaces: readonly string[] };

/**
 * Namespaces in which ingress and gateway controllers are usually installed, by their projects' own instructions. `kube-system` is k3s's place
 * for Traefik, and nothing that a stranger may run in.
 */
export const usualIngressNamespaces: readonly string[] = [
  "cilium-ingress",
  "contour",
  "envoy-gateway-system",
  "haproxy-controller",
  "ingress-nginx",
  "istio-ingress",
  "istio-system",
  "kong",
  "kube-system",
  "nginx-gateway",
  "nginx-ingress",
  "openshift-ingress",
  "projectcontour",
  "traefik",
];

export function makeNetworkPolicy(place: Place, { selector, ingress, registries, to = [] }: Policy): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: place,
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: ingress === undefined ? [] : [allowFrom(ingress)],
      egress: to === "everywhere" ? [{}] : [dns, ...registries.map(allowRegistry), ...allowTo(to)],
    },
  };
}

/**
 * Names are looked up anywhere: where the cluster's resolver runs (pods, the node, the host) cannot be known here, and 5353 is where OpenShift's
 * pods listen, which is what the policy sees.
 */
const dns = {
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
    { protocol: "UDP", port: 5353 },
    { protocol: "TCP", port: 5353 },
  ],
};

function allowFrom({ port, from }: NonNullable<Policy["ingress"]>): object {
  const ports = [{ protocol: "TCP", port }];
  // No `from` at all is everybody. An ipBlock of 0.0.0.0/0 is less: some networks do not count their own nodes in it.
  return from === "everybody" ? { ports } : { from: from.map(toPeer), ports };
}

function allowTo(to: readonly NetworkPeer[]): object[] {
  return to.length === 0 ? [] : [{ to: to.map(toPeer) }];
}

/** By address and port where the registry is named by its address; a Service's name leads to its namespace, on whatever port its pods have. */
function allowRegistry({ host: registry, insecure }: Registry): object {
  const [, host = registry, port] = /^(.*?)(?::(\d+))?$/.exec(registry) ?? [];
  const ports = [{ protocol: "TCP", port: port === undefined ? (insecure ? 80 : 443) : Number(port) }];
  const service = /^[^.]+\.([^.]+)\.svc(?:\.|$)/.exec(host);
  if (service?.[1] !== undefined) return { to: [toPeer({ namespaces: [service[1]] })] };
  const block = toBlock(host);
  return block === undefined ? { ports } : { to: [{ ipBlock: { cidr: block } }], ports };
}

/** `10.0.0.1/32`, `fd00::1/128`; undefined for a name. */
function toBlock(host: string): string | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(host)) return `${host}/32`;
  return host.startsWith("[") ? `${host.slice(1, -1)}/128` : undefined;
}

function toPeer(peer: Caller): object {
  if ("cidr" in peer)
    return { ipBlock: { cidr: peer.cidr, ...(peer.except !== undefined && { except: peer.except }) } };
  if ("namespaces" in peer)
    return {
      namespaceSelector: {
        matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: peer.namespaces }],
      },
    };
  return "namespace" in peer
    ? { namespaceSelector: { matchLabels: peer.namespace } }
    : { podSelector: { matchLabels: peer.pods } };
}
