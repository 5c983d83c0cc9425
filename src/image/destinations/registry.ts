/** @file An image into a registry: blobs that it has are not sent, a base's are mounted, and nothing is named before it is whole. */
import { silent, type Report } from "../../base/progress.ts";
import { fromBytes, type BlobSource } from "../../oci/blob-source.ts";
import { putManifest } from "../../oci/manifests.ts";
import { pushBlob, type Pushed } from "../../oci/push-blob.ts";
import { parsePrefix } from "../../oci/reference.ts";
import type { Repository } from "../../oci/repository.ts";
import { forEachLimited } from "../../oci/transfer.ts";
import type { Descriptor } from "../../oci/types.ts";
import type { Document } from "../manifest.ts";
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
  const blobs = [...layers.map(toPush), ...configs.map(toPush)];
  const pushed = await forEachLimited(
    blobs,
    repository.registry.concurrency,
    async ({ name, descriptor, source, origin }) => ({
      name,
      size: descriptor.size,
      pushed: await pushBlob(repository, descriptor.digest, source, {
        mountFrom: listOrigins(origin, repository),
        label: name,
        report,
        signal,
      }),
    }),
  );
  // The last stands for all: it gets its names when what it names is there.
  for (const { descriptor, bytes } of manifests) {
    const references = descriptor.digest === root.digest && tags.length > 0 ? tags : [descriptor.digest];
    for (const reference of references)
      await putManifest(repository, reference, { bytes, mediaType: descriptor.mediaType }, { signal });
  }
  return { root, layers: pushed.slice(0, layers.length) };
}

interface ToPush {
  name: string;
  descriptor: Descriptor;
  source: BlobSource;
  origin: string | undefined;
}

function toPush(blob: Layer | Document): ToPush {
  const { descriptor } = blob;
  if ("content" in blob) return { name: blob.name, descriptor, source: blob.content, origin: blob.origin };
  return { name: "config", descriptor, source: fromBytes(blob.bytes, "config"), origin: undefined };
}

/** Only a repository of the same registry can be mounted from. */
function listOrigins(origin: string | undefined, { registry }: Repository): string[] {
  if (origin === undefined) return [];
  const { registry: host, path } = parsePrefix(origin);
  return host === registry.host ? [path] : [];
}
