import type { Digest } from "../base/digest.ts";
import type { Signature } from "../model/signature.ts";

/** Where a model comes from. Kept in the artifact's config blob, so it travels with the model. */
export interface Lineage {
  /** Digest of (dataset, code, parameters, seed): the same inputs give the same number, and are not trained twice. */
  inputs: Digest;
  dataset: { digest: Digest; count: number; labels: Readonly<Record<string, number>> };
  /** Digest of the project's code: the bundled config and what it imports. */
  code: Digest;
  trainer: string;
  parameters: Readonly<Record<string, unknown>>;
  seed: number;
  metrics: Readonly<Record<string, number>>;
  history: readonly object[];
  /** Versions that took part: slipway, node, onnxruntime. */
  versions: Readonly<Record<string, string>>;
  /** RFC 3339. */
  startedAt: string;
  durationSeconds: number;
}

export interface ArtifactContent {
  /** Lower-case name, as in an OCI repository: `digits`. */
  name: string;
  /** Bytes of the ONNX file. */
  model: Uint8Array;
  signature: Signature;
  lineage: Lineage;
}

/** One stored model. `digest` is that of its OCI manifest. */
export interface Artifact {
  name: string;
  digest: Digest;
  /** Digest and size in bytes of the ONNX layer. */
  model: { digest: Digest; size: number };
  signature: Signature;
  lineage: Lineage;
  /** Aliases and tags that point at it now: `champion`, `v3`. */
  aliases: readonly string[];
  /** RFC 3339. */
  createdAt: string;
}

/** Where artifacts live. References are `name`, `name:alias`, `name@sha256:…`, or an unambiguous digest prefix. */
export interface Store {
  /** For people: a folder, or a registry's name. */
  readonly location: string;
  /** Stores content; the same content twice is one artifact. Does not move any alias. */
  put(content: ArtifactContent): Promise<Artifact>;
  /** Throws `artifactNotFound` with the nearest names. A bare name means its `champion`. */
  get(reference: string): Promise<Artifact>;
  /** Newest first. */
  list(name?: string): Promise<Artifact[]>;
  /** The ONNX file's bytes, checked against its digest. */
  readModel(artifact: Pick<Artifact, "name" | "model">): Promise<Uint8Array>;
  /** Points `name:alias` at a digest. With `expect`, only if it points there now (undefined: nowhere), else throws `aliasMoved`. */
  setAlias(name: string, alias: string, digest: Digest, options?: { expect?: Digest | undefined }): Promise<void>;
  removeAlias(name: string, alias: string): Promise<void>;
  /** Refuses while an alias points at it, unless forced. Blobs go with `collect`. */
  remove(reference: string, options?: { force?: boolean }): Promise<Artifact>;
  /** Removes blobs that nothing refers to; never one that a writer is about to use. */
  collect(): Promise<{ blobs: number; bytes: number }>;
}
