/** @file A dataset as an OCI artifact: what its manifest and config say. The layers are ModelPack's kinds for datasets, so that other tools can read them. */
import { isDescriptor } from "../../artifact/manifest.ts";
import { canonicalJson, type Digest, digestOf, hexOf, isDigest } from "../../base/digest.ts";
import { parseObject } from "../../base/json.ts";
import type { DataSource } from "../../data/types.ts";
import { manifestTypes, type Descriptor } from "../../oci/types.ts";
import { datasetArtifactBroken } from "../errors.ts";
import type { DatasetFile, FileGroup } from "./group.ts";

export const datasetType = "application/vnd.slipway.dataset.v1+json";
const layerTypes = {
  tar: "application/vnd.cncf.model.dataset.v1.tar",
  raw: "application/vnd.cncf.model.dataset.v1.raw",
} as const;

const names = {
  /** On the manifest: the dataset's own digest, of its files and not of how they are packed. */
  digest: "dev.slipway.dataset.digest",
  /** On a layer: the group's key. */
  files: "dev.slipway.dataset.files",
  title: "org.opencontainers.image.title",
  filepath: "org.cncf.model.filepath",
} as const;

export interface DatasetConfig {
  version: 1;
  /** The dataset's own: where its rows are its files, that of the files. */
  digest: Digest;
  /** Root of the Merkle tree over the files. */
  files: Digest;
  count: number;
  /** Of all files. */
  bytes: number;
  /** What the project says of its data. */
  source: DataSource;
}

export interface DatasetLayer {
  descriptor: Descriptor;
  /** Of the group that it was made from. */
  key: string | undefined;
  /** The one file's path, where the layer is that file; else it is a tar. */
  path: string | undefined;
}

export interface DatasetManifest {
  config: Descriptor;
  layers: readonly DatasetLayer[];
}

export interface Document {
  descriptor: Descriptor;
  bytes: Uint8Array;
}

export function describeLayer(group: FileGroup, blob: { digest: Digest; size: number }): Descriptor {
  const [first] = group.files as readonly [DatasetFile];
  const path = group.raw ? first.path : `${hexOf(group.key, 12)}.tar`;
  return {
    mediaType: group.raw ? layerTypes.raw : layerTypes.tar,
    ...blob,
    annotations: {
      [names.files]: group.key,
      [names.title]: path.slice(path.lastIndexOf("/") + 1),
      ...(group.raw && { [names.filepath]: path }),
    },
  };
}

export function printDataset(
  name: string,
  described: DatasetConfig,
  layers: readonly Descriptor[],
): { config: Document; manifest: Document } {
  const config = toDocument(datasetType, described);
  const manifest = toDocument(manifestTypes.manifest, {
    schemaVersion: 2,
    mediaType: manifestTypes.manifest,
    artifactType: datasetType,
    config: config.descriptor,
    layers,
    annotations: { [names.title]: name, [names.digest]: described.digest },
  });
  return { config, manifest };
}

/** `reference` is for the message of `datasetArtifactBroken`. */
export function readDatasetManifest(bytes: Uint8Array, reference: string): DatasetManifest {
  const refuse = (why: string) => datasetArtifactBroken({ reference, why });
  const { artifactType, config, layers } = parseObject(bytes) ?? {};
  const kind = artifactType ?? (config as Partial<Descriptor> | undefined)?.mediaType;
  if (!isDescriptor(config) || kind !== datasetType) throw refuse(`it is ${JSON.stringify(kind)}, not ${datasetType}`);
  if (!Array.isArray(layers) || !layers.every(isDescriptor)) throw refuse("its manifest lists no layers");
  return {
    config,
    layers: layers.map((descriptor: Descriptor) => {
      const { mediaType, annotations = {} } = descriptor;
      const path = annotations[names.filepath];
      if (mediaType === layerTypes.tar) return { descriptor, key: annotations[names.files], path: undefined };
      if (mediaType === layerTypes.raw && path !== undefined)
        return { descriptor, key: annotations[names.files], path };
      throw refuse(`one of its layers is ${mediaType}, wanted ${Object.values(layerTypes).join(" or ")}`);
    }),
  };
}

export function readDatasetConfig(bytes: Uint8Array, reference: string): DatasetConfig {
  const { version, digest, files, count, bytes: size, source } = (parseObject(bytes) ?? {}) as Partial<DatasetConfig>;
  const refuse = () => datasetArtifactBroken({ reference, why: "its config does not say which dataset it is" });
  if (version !== 1 || typeof source !== "object") throw refuse();
  if (digest === undefined || files === undefined || ![digest, files].every(isDigest)) throw refuse();
  return { version, digest, files, count: Number(count), bytes: Number(size), source };
}

function toDocument(mediaType: string, value: object): Document {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes };
}
