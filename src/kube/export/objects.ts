/** @file What is exported: the objects of a release, and those of its training by the clock. */
import { toServerObjects } from "../server.ts";
import { toCronObjects } from "../training.ts";
import type { KubeObject, ServerRelease, TrainingRun } from "../types.ts";

export interface Exportable {
  release: ServerRelease;
  run?: TrainingRun | undefined;
}

/** In the order to apply them. What both need, as the volume, is there once. */
export function toExportObjects({ release, run }: Exportable): KubeObject[] {
  const objects = toServerObjects(release);
  const known = new Set(objects.map(nameObject));
  const more = run === undefined ? [] : toCronObjects(run);
  return [...objects, ...more.filter((object) => !known.has(nameObject(object)))];
}

function nameObject({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}
