/** @file Where an object is and what it is called: what all makers of objects take. */
import { type Component, toLabels } from "./labels.ts";
import { toObjectName } from "./names.ts";

export interface Place {
  name: string;
  namespace: string;
  labels: Readonly<Record<string, string>>;
}

export interface Owner {
  project: string;
  namespace: string;
}

/** `digits`, `digits-env`, `digits-train` in the owner's namespace, labelled as the owner's; what several components use has none. */
export function placeOf({ project, namespace }: Owner, component: Component | undefined, suffix = ""): Place {
  return { name: toObjectName(project, suffix), namespace, labels: toLabels(project, component) };
}
