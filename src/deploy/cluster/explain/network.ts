/** @file Ways in that nobody has opened: an address, a rule or a route that no controller of the cluster takes up. */
import { type HttpRoute, type Ingress, pick, type Service } from "../shapes.ts";
import { refOf } from "../objects.ts";
import type { LiveObject } from "../types.ts";
import { findEvent, quote } from "./events.ts";
import type { Check, ClusterState, Finding } from "./finding.ts";

/** Seconds that a controller gets. */
const patience = 60;

export const explainNetwork: Check = (state) => [
  ...pick(state.objects, "Service").flatMap((service) => explainService(state, service)),
  ...pick(state.objects, "Ingress").flatMap((ingress) => explainIngress(state, ingress)),
  ...pick(state.objects, "HTTPRoute").flatMap(explainRoute),
];

function explainService(state: ClusterState, service: Service): Finding[] {
  if (service.spec.type !== "LoadBalancer" || (service.status?.loadBalancer?.ingress ?? []).length > 0) return [];
  const event = findEvent(state, service, ["AllocationFailed", "SyncLoadBalancerFailed", "EnsuringLoadBalancer"]);
  const failed = event !== undefined && event.reason !== "EnsuringLoadBalancer";
  if (!failed && age(state, service) < 10) return [];
  return [
    {
      code: failed ? "load-balancer-failed" : "load-balancer-pending",
      cause: failed
        ? `the cluster's load balancer gives Service ${service.metadata.name} no address: ${event.message}`
        : `Service ${service.metadata.name} has no address from a load balancer${event === undefined ? ": it seems that no controller gives out any" : " yet"}`,
      evidence: event === undefined ? [] : [quote(event)],
      mend: "Install one (MetalLB on bare metal; clouds bring theirs), or expose by nodePort or ingress.",
      object: refOf(service),
      // Clouds take minutes once they have begun.
      ...((failed || event === undefined) && { final: patience }),
    },
  ];
}

function explainIngress(state: ClusterState, ingress: Ingress): Finding[] {
  const { ingressClassName } = ingress.spec;
  const classes = state.objects.filter(({ kind }) => kind === "IngressClass");
  const looked = state.objects.some(({ kind }) => kind === "IngressClass") || ingressClassName !== undefined;
  const base = { object: refOf(ingress) };
  const names = classes.map(({ metadata }) => metadata.name);
  if (ingressClassName !== undefined && classes.length > 0 && !names.includes(ingressClassName))
    return [
      {
        ...base,
        code: "ingress-class-missing",
        cause: `Ingress ${ingress.metadata.name} names the class ${ingressClassName}, which there is not; there is ${names.join(", ")}`,
        evidence: [],
        mend: "Name one of those: expose: { ingress: { class } }.",
        final: 10,
      },
    ];
  if ((ingress.status?.loadBalancer?.ingress ?? []).length > 0 || age(state, ingress) < 10) return [];
  const fallback = classes.some(
    ({ metadata }) => metadata.annotations?.["ingressclass.kubernetes.io/is-default-class"] === "true",
  );
  if (ingressClassName === undefined && !fallback && (classes.length > 0 || !looked))
    return [
      {
        ...base,
        code: "ingress-without-class",
        cause: `Ingress ${ingress.metadata.name} names no class, and the cluster has no default one${names.length === 0 ? "" : `; there is ${names.join(", ")}`}`,
        evidence: [],
        mend: `Name one: expose: { ingress: { class: "${names[0] ?? "nginx"}" } }.`,
        final: patience,
      },
    ];
  return [
    {
      ...base,
      code: "ingress-without-address",
      cause: `no controller has taken up Ingress ${ingress.metadata.name}: it has no address`,
      evidence: [],
      mend: "See that an ingress controller runs for its class; some report no address: then the Ingress works all the same.",
    },
  ];
}

function explainRoute(route: HttpRoute): Finding[] {
  const object = refOf(route);
  const { name } = route.metadata;
  const parents = route.status?.parents ?? [];
  if (parents.length === 0) {
    const wanted = (route.spec.parentRefs ?? []).map((parent) => parent.name).join(", ");
    return [
      {
        code: "route-unseen",
        cause: `no Gateway has taken up HTTPRoute ${name}; it wants ${wanted}`,
        evidence: [],
        mend: "Check the Gateway's name and namespace (kubectl get gateways --all-namespaces), and that its controller runs.",
        object,
        final: 45,
      },
    ];
  }
  return parents.flatMap(({ parentRef, conditions = [] }): Finding[] => {
    const wrong = conditions.find(
      ({ type, status }) => ["Accepted", "ResolvedRefs"].includes(type) && status === "False",
    );
    if (wrong === undefined) return [];
    const mends: Record<string, string> = {
      NotAllowedByListeners:
        "Its listeners do not allow routes from this namespace: set allowedRoutes.namespaces at the Gateway.",
      NoMatchingListenerHostname:
        "No listener of the Gateway takes that host: correct `host`, or the listener's hostname.",
      NoMatchingParent: "The Gateway has no such listener: correct `section`.",
      BackendNotFound: "The Service is missing: run `slipway up` again.",
      RefNotPermitted: "A ReferenceGrant is missing in the namespace that it points to.",
    };
    return [
      {
        code: "route-refused",
        cause: `Gateway ${parentRef.name} refuses HTTPRoute ${name}: ${wrong.reason}`,
        evidence: [`${wrong.type}=False ${wrong.reason}: ${wrong.message ?? ""}`],
        mend: mends[wrong.reason ?? ""] ?? "See what it says above.",
        object,
        final: 20,
      },
    ];
  });
}

/** Seconds. */
function age(state: ClusterState, { metadata }: LiveObject): number {
  return (state.now - Date.parse(metadata.creationTimestamp)) / 1000;
}
