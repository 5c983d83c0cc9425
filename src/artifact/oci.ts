/** @file What artifacts add to OCI's own types: the names of CNCF ModelPack and of the store. */
import { manifestTypes, type Descriptor } from "../oci/types.ts";

export type { Descriptor };

/** A blob in memory, with the descriptor that names it. */
export interface Blob {
  descriptor: Descriptor;
  bytes: Uint8Array;
}

export const mediaTypes = {
  ...manifestTypes,
  /** The `artifactType` of a model. */
  model: "application/vnd.cncf.model.manifest.v1+json",
  config: "application/vnd.cncf.model.config.v1+json",
  weight: "application/vnd.cncf.model.weight.v1.raw",
  weightConfig: "application/vnd.cncf.model.weight.config.v1.raw",
} as const;

export const annotations = {
  /** In an index: what this entry is called. */
  refName: "org.opencontainers.image.ref.name",
  created: "org.opencontainers.image.created",
  /** On a layer: the file name that `oras pull` writes. */
  title: "org.opencontainers.image.title",
  /** On a layer: the file's path in the model's folder, by ModelPack. */
  filepath: "org.cncf.model.filepath",
  /** On manifests and index entries: the lineage's `inputs`, so that they are found without reading every artifact. */
  inputs: "dev.slipway.inputs",
  /** On an index: the alias moves of its last change, as JSON, until they are in the history file too. */
  moves: "dev.slipway.moves",
} as const;
