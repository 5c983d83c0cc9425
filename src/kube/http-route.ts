import type { GatewayPlan } from "./expose.ts";
import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/** A route of the Gateway API at a Gateway that exists. One in another namespace must allow routes from ours (`allowedRoutes`). */
export function makeHttpRoute(
  place: Place,
  { name, namespace, section, host, path = "/" }: GatewayPlan,
  service: { name: string; port: number },
): KubeObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: place,
    spec: {
      parentRefs: [
        {
          group: "gateway.networking.k8s.io",
          kind: "Gateway",
          name,
          ...(namespace !== undefined && { namespace }),
          ...(section !== undefined && { sectionName: section }),
        },
      ],
      ...(host !== undefined && { hostnames: [host] }),
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: path } }],
          backendRefs: [{ group: "", kind: "Service", name: service.name, port: service.port, weight: 1 }],
        },
      ],
    },
  };
}
