/** @file An image into a registry: blobs that it has are not sent, a base's are mounted, and nothing is named before it is whole. */
import { silent, type Report } from "../../base/progress.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { putManifest } from "../../oci/manifests.ts";
import { pushBlob, type Pushed } from "../../oci/push-blob.ts";
import { parsePrefix } from "../../oci/reference.ts";
import type { Repository } from "../../oci/repository.ts";
import { forEachLimited } from "../../oci/transfer.ts";
import type { Descriptor } from "../../oci/types.ts";
import type { Image, ImageIndex, Layer } from "../types.ts";
import { listContent } from "./content.ts";

export interface PushImageOptions {
  /** Names to give it; without any it is found by its digest alone. */
  tags?: readonly string[];
  report?: Report;
  signal?: AbortSignal | undefined;
}

export interface PushedImage {
  /** Of the manifest or index. */
  root: Descriptor;
  /** What became of each layer. */
  layers: readonly { name: string; size: number; pushed: Pushed }[];
}

/** Throws the errors of src/oci, and what reading a layer throws. */
export async function pushImage(
  repository: Repository,
  image: Image | ImageIndex,
  options: PushImageOptions = {},
): Promise<PushedImage> {
  const { tags = [], report = silent, signal } = options;
  const { layers, configs, manifests, root } = listContent(image);
  const pushed = await forEachLimited(layers, repository.registry.concurrency, async (layer) => ({
    name: layer.name,
    size: layer.descriptor.size,
    pushed: await pushBlob(repository, layer.descriptor.digest, layer.content, {
      mountFrom: listOrigins(layer, repository),
      label: layer.name,
      report,
      signal,
    }),
  }));
  for (const { descriptor, bytes } of configs)
    await pushBlob(repository, descriptor.digest, fromBytes(bytes, "config"), { signal });
  // The last stands for all: it goes when what it names is there.
  for (const { descriptor, bytes } of manifests)
    await putManifest(repository, descriptor.digest, { bytes, mediaType: descriptor.mediaType }, { signal });
  const { bytes } = manifests.at(-1) ?? { bytes: new Uint8Array() };
  for (const tag of tags) await putManifest(repository, tag, { bytes, mediaType: root.mediaType }, { signal });
  return { root, layers: pushed };
}

/** Only a repository of the same registry can be mounted from. */
function listOrigins({ origin }: Layer, { registry }: Repository): string[] {
  if (origin === undefined) return [];
  const { registry: host, path } = parsePrefix(origin);
  return host === registry.host ? [path] : [];
}
