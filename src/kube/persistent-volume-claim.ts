import type { TrainingPlacement } from "../project/deploy.ts";
import type { Place } from "./place.ts";
import type { KubeObject } from "./types.ts";

/** Of a claim, only the size may be changed later, and only upwards. */
export function makePersistentVolumeClaim(
  place: Place,
  { size = "1Gi", class: storageClass, access = "ReadWriteOnce" }: NonNullable<TrainingPlacement["volume"]>,
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: place,
    spec: {
      accessModes: [access],
      resources: { requests: { storage: size } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
    },
  };
}
