import { findKinds, partOf } from "./inventory.ts";
import { listObjects } from "./objects.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { kindUnknown } from "../errors.ts";
import type { Cluster, LiveObject } from "./types.ts";

/** All objects that carry the inventory's mark, in the order in which they are to be taken away. Kinds that the cluster lacks have none. */
export async function findMembers(
  cluster: Cluster,
  id: string,
  kinds: readonly string[],
  namespaces: readonly string[],
): Promise<LiveObject[]> {
  const lists = findKinds(kinds).known.flatMap((kind) =>
    [...new Set(namespaces)].map(async (namespace) => {
      try {
        return (await listObjects(cluster, { ...kind, namespace, labels: { [partOf]: id } })).items;
      } catch (error) {
        if (findSlipwayError(error)?.code === kindUnknown.code) return [];
        throw error;
      }
    }),
  );
  return (await Promise.all(lists)).flat();
}
