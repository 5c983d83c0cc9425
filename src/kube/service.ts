import type { ServicePlan } from "./expose.ts";
import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/** The name of the container's port, which Services, probes and routes lead to. */
export const portName = "http";

/**
 * `externalTrafficPolicy` stays `Cluster`: any node passes calls on to any pod, so that no call is lost while the last pod of a node goes. The price
 * is that pods see a node's address in place of the caller's.
 */
export function makeService(
  place: Place,
  { name, type, ports }: ServicePlan,
  selector: Readonly<Record<string, string>>,
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...place, name },
    spec: {
      type,
      selector,
      ports: ports.map(({ port, nodePort }, i) => ({
        name: i === 0 ? portName : `${portName}-${port}`,
        port,
        targetPort: portName,
        protocol: "TCP",
        appProtocol: "http",
        ...(nodePort !== undefined && { nodePort }),
      })),
    },
  };
}
