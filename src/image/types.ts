import type { Digest } from "../base/digest.ts";
import type { BlobSource } from "../oci/blob-source.ts";
import type { Descriptor } from "../oci/types.ts";

/** Where an image runs, as OCI names it. */
export interface Platform {
  os: "linux";
  architecture: "amd64" | "arm64";
}

/** One layer of an image: what it is called by its digests, and its bytes, which are read only when someone asks. */
export interface Layer {
  /** For people: base, node, runtime, app, model. */
  name: string;
  /** Of the blob as it is stored and sent: compressed or not, as the media type says. */
  descriptor: Descriptor;
  /** Of the uncompressed tar; it does not move with the compression. */
  diffId: Digest;
  content: BlobSource;
  /** Where a registry already has the blob, so that it can be mounted instead of sent: `registry.example.com/team/base`. */
  origin?: string;
}

/** The part of an image's config that says how it runs. Members that are not listed here are kept as they came. */
export interface RunConfig {
  User?: string;
  Env?: readonly string[];
  Entrypoint?: readonly string[];
  Cmd?: readonly string[];
  WorkingDir?: string;
  ExposedPorts?: Readonly<Record<string, object>>;
  Labels?: Readonly<Record<string, string>>;
  StopSignal?: string;
}

export interface HistoryEntry {
  created?: string;
  created_by?: string;
  comment?: string;
  author?: string;
  /** True for a line of the history that made no layer. */
  empty_layer?: boolean;
}

/** Config of an OCI image (image-spec, config.md), without `rootfs`, which the layers say. */
export interface ImageConfig {
  architecture: string;
  os: string;
  variant?: string;
  /** RFC 3339. */
  created?: string;
  config: RunConfig;
  history: readonly HistoryEntry[];
}

/** An image is a value: adding a layer makes another one. Nothing is written or sent until it is handed to a destination. */
export interface Image {
  config: ImageConfig;
  layers: readonly Layer[];
  /** On its manifest. */
  annotations: Readonly<Record<string, string>>;
}

/** One image for each platform, under one digest. */
export interface ImageIndex {
  images: readonly Image[];
  annotations: Readonly<Record<string, string>>;
}
