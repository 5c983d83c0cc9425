/** @file Labels: Kubernetes's recommended ones for people and tools, two of our own to select by. */
import { toLabelValue } from "./names.ts";
import { domain } from "./types.ts";

export type Component = "server" | "trainer";

/** Whose it is. Project names may be longer than a label's value: those are cut, with a hash. */
export const projectLabel = `${domain}/project`;
export const componentLabel = "app.kubernetes.io/component";

/** What every object of ours carries. */
export function toLabels(project: string, component?: Component): Record<string, string> {
  const name = toLabelValue(project);
  return {
    "app.kubernetes.io/name": name,
    ...(component !== undefined && { [componentLabel]: component }),
    "app.kubernetes.io/managed-by": "slipway",
    [projectLabel]: name,
  };
}

/** Finds the pods of one component. A Deployment's selector cannot be changed later: never add to it. */
export function toSelector(project: string, component: Component): Record<string, string> {
  return { [projectLabel]: toLabelValue(project), [componentLabel]: component };
}
