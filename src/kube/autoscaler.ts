import type { DeployDefinition } from "../project/deploy.ts";
import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/** Scales the Deployment of the same name by the CPU that its pods use, in percent of what they asked for. */
export function makeAutoscaler(place: Place, { min, max, cpu }: NonNullable<DeployDefinition["scale"]>): KubeObject {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: place,
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: place.name },
      minReplicas: min,
      maxReplicas: max,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: cpu } } },
      ],
    },
  };
}
