/** @file What applying would change, by the server's own dry run: defaults and webhooks included. */
import type { KubeObject } from "../../kube/types.ts";
import { compareObjects, type FieldChange } from "./compare.ts";
import { applyObjects, type ApplyOptions } from "./apply.ts";
import { getObject } from "./objects.ts";
import type { Cluster, Ref } from "./types.ts";

export interface Difference {
  ref: Ref & { name: string };
  /** `kept`: no longer the project's, but it holds data and stays. */
  change: "added" | "changed" | "same" | "removed" | "kept";
  /** Values of Secrets are masked. Empty for what is the same or goes. */
  fields: FieldChange[];
}

/** Changes nothing. Throws what applying would throw. */
export async function diffObjects(
  cluster: Cluster,
  objects: readonly KubeObject[],
  options: Omit<ApplyOptions, "dryRun" | "release">,
): Promise<Difference[]> {
  const { events, live } = await applyObjects(cluster, objects, { ...options, dryRun: true });
  return Promise.all(
    events.map(async ({ ref, action }): Promise<Difference> => {
      if (action === "removed" || action === "kept") return { ref, change: action, fields: [] };
      if (ref.kind === "Namespace") return { ref, change: action === "created" ? "added" : "same", fields: [] };
      const result = live.find((one) => isAt(one, ref));
      const before = action === "created" ? undefined : await getObject(cluster, ref);
      // Where even the namespace is missing, nothing could be tried: what is wanted is what will be.
      const after = before === undefined ? objects.find((one) => isAt(one, ref)) : result;
      const fields = after === undefined ? [] : compareObjects(before, after);
      const change = before === undefined ? "added" : fields.length === 0 ? "same" : "changed";
      return { ref, change, fields };
    }),
  );
}

/** The namespace is filled in on the way: the same name and kind is the same object, where one of them says no more. */
function isAt({ kind, apiVersion, metadata }: KubeObject, ref: Ref): boolean {
  return (
    kind === ref.kind &&
    apiVersion === ref.apiVersion &&
    metadata.name === ref.name &&
    (metadata.namespace === undefined || metadata.namespace === ref.namespace)
  );
}
