/** @file The volume that training leaves data, checkpoints and models on. */
import type { TrainingPlacement } from "../project/deploy.ts";
import { toObjectName } from "./names.ts";
import type { Mount, Volume } from "./pod.ts";

export const volumePath = "/volume";

/** Name of its claim: the project's own, or one that exists. Undefined where no volume is asked for. */
export function nameClaim(project: string, volume: TrainingPlacement["volume"]): string | undefined {
  return volume === undefined ? undefined : (volume.claim ?? toObjectName(project, "volume"));
}

export function mountVolume(claim: string): { volume: Volume; mount: Mount } {
  return {
    volume: { name: "volume", persistentVolumeClaim: { claimName: claim } },
    mount: { name: "volume", mountPath: volumePath },
  };
}
