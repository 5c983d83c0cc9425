import type { Artifact, Store } from "../../artifact/types.ts";

/** Whence a model was read: a folder, a registry, or the copy that was kept of a registry's. */
export type Origin = "store" | "registry" | "cache";

/** Where models come from: a store, or anything that can find and read an artifact. */
export interface ModelSource extends Pick<Store, "get" | "readModel" | "readAlias"> {
  /** Default `store`. */
  readonly origin?: Origin;
  /** The copy to start from when `get` cannot give a model that loads. */
  lastGood?(reference: string): Promise<Artifact | undefined>;
  /** Told that what `reference` gave is loaded and serves. Never rejects. */
  keep?(reference: string, artifact: Artifact): Promise<void>;
}
