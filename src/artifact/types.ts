import type { Digest } from "../base/digest.ts";
import type { SlipwayError } from "../base/errors.ts";
import type { Signature } from "../model/signature.ts";
import type { Blob } from "./oci.ts";

/** Where a model comes from. Kept in the artifact's `slipway.json` layer, so it travels with the model. */
export interface Lineage {
  /** Digest of (dataset, code, parameters, seed): the same inputs give the same number, and are not trained twice. */
  inputs: Digest;
  dataset: { digest: Digest; count: number; labels: Readonly<Record<string, number>> };
  /** Digest of the project's code: the bundled config and what it imports. */
  code: Digest;
  trainer: string;
  parameters: Readonly<Record<string, unknown>>;
  seed: number;
  /** NaN and infinities are kept as they are. */
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
  /** Aliases and tags that point at it now, sorted: `champion`, `v3`. */
  aliases: readonly string[];
  /** RFC 3339: when its training ended, so that the same content has the same time and digest wherever it is stored. */
  createdAt: string;
}

/** An artifact as it is stored, byte for byte: what is copied from store to store. */
export interface PackedArtifact {
  artifact: Omit<Artifact, "aliases">;
  manifest: Blob;
  /** All that the manifest refers to. */
  blobs: readonly Blob[];
}

/** One move of an alias. Without `from` it was set anew, without `to` it was removed. */
export interface AliasMove {
  /** Counts up by one over all moves in the store. */
  sequence: number;
  name: string;
  alias: string;
  from?: Digest;
  to?: Digest;
  /** RFC 3339. */
  at: string;
  /** Account and machine: `ada@laptop`. */
  by: string;
}

/** Where artifacts live. References are `name`, `name:alias`, `name@sha256:…`, or an unambiguous digest prefix. */
export interface Store {
  /** For people: a folder, or a registry's name. */
  readonly location: string;
  /**
   * Stores content; the same content twice is one artifact. Does not move any alias. When it returns, the artifact survives
   * the end of the process and of the machine's power. Throws `contentInvalid`.
   */
  put(content: ArtifactContent): Promise<Artifact>;
  /** Throws `artifactNotFound` with the nearest names. A bare name means its `champion`. */
  get(reference: string): Promise<Artifact>;
  /** The newest artifact of `name` trained from these inputs and still whole, so that `up` need not train again. */
  find(name: string, inputs: Digest): Promise<Artifact | undefined>;
  /** Where `name:alias` points now, by one small look; undefined: nowhere. What it points at is not read. */
  readAlias(name: string, alias: string): Promise<Digest | undefined>;
  /** Newest first. */
  list(name?: string): Promise<Artifact[]>;
  /** The artifact's manifest and blobs, all of them checked, for copying. Throws like `get`, `blobCorrupted`, `blobMissing`. */
  pack(reference: string): Promise<PackedArtifact>;
  /** Stores what another store packed: the same bytes, so the same digest. Otherwise as `put`. */
  putPacked(packed: PackedArtifact): Promise<Artifact>;
  /** The ONNX file's bytes, checked against its digest. Throws `blobCorrupted`, `blobMissing`. */
  readModel(artifact: Pick<Artifact, "name" | "model">): Promise<Uint8Array>;
  /**
   * Points `name:alias` at a digest. With `expect` among the options, only if it points there now (undefined: nowhere), else
   * throws `aliasMoved`. Where it points at `digest` already, nothing happens and nothing is recorded, whatever `expect` says:
   * so a caller may safely repeat it.
   */
  setAlias(name: string, alias: string, digest: Digest, options?: { expect?: Digest | undefined }): Promise<void>;
  /** Throws `artifactNotFound` where there is no such alias. */
  removeAlias(name: string, alias: string): Promise<void>;
  /** Moves of the aliases of `name`, oldest first: what a rollback goes back along. */
  history(name: string): Promise<AliasMove[]>;
  /** Throws `artifactInUse` while an alias points at it, unless forced (then these aliases go too). Blobs go with `collect`. Works on damaged artifacts. */
  remove(reference: string, options?: { force?: boolean }): Promise<Pick<Artifact, "name" | "digest" | "aliases">>;
  /** Removes blobs that nothing refers to; never one that a writer is about to use. */
  collect(): Promise<{ blobs: number; bytes: number }>;
  /** Reads every blob that an artifact refers to and names those that are damaged or missing. */
  check(): Promise<SlipwayError[]>;
}
