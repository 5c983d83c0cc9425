import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import type { Store } from "../../artifact/types.ts";
import type { Project } from "../../project/types.ts";
import type { WayOptions } from "../types.ts";
import { openSharedStore, type ClusterPlace, type SharedStore } from "./place.ts";

export interface Stores {
  /** Undefined without a registry. */
  shared: SharedStore | undefined;
  /** Where the champion is. */
  store: Store;
  /** The project's own. */
  own: Store;
}

export async function openStores(
  { root }: Pick<Project, "root">,
  place: ClusterPlace,
  { report }: Pick<WayOptions, "report">,
): Promise<Stores> {
  const own = await openStore(storeFolder(root));
  const shared = openSharedStore(place, report);
  return { shared, own, store: shared?.store ?? own };
}
