import type { IngressPlan } from "./expose.ts";
import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/** Without a class, the cluster's default one takes it. The path is not cut off: the server answers under its own paths. */
export function makeIngress(
  place: Place,
  { host, path = "/", class: className, tlsSecret }: IngressPlan,
  service: { name: string; port: number },
): KubeObject {
  const backend = { service: { name: service.name, port: { number: service.port } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: place,
    spec: {
      ...(className !== undefined && { ingressClassName: className }),
      ...(tlsSecret !== undefined && {
        tls: [{ ...(host !== undefined && { hosts: [host] }), secretName: tlsSecret }],
      }),
      rules: [{ ...(host !== undefined && { host }), http: { paths: [{ path, pathType: "Prefix", backend }] } }],
    },
  };
}
