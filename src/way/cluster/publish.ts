/** @file An image to where the cluster's nodes take it from. */
import type { Digest } from "../../base/digest.ts";
import type { Report } from "../../base/progress.ts";
import { listContent } from "../../image/destinations/content.ts";
import { findImporter } from "../../image/destinations/find.ts";
import { pushImage } from "../../image/destinations/registry.ts";
import { referTo } from "../../image/delivery/choose.ts";
import { importedName } from "../../image/imported-name.ts";
import type { Image, Platform } from "../../image/types.ts";
import type { ImageSource } from "../../kube/types.ts";
import { openRepository } from "../../oci/repository.ts";
import { registryOptions, type ClusterPlace } from "./place.ts";

export interface Published {
  source: ImageSource;
  digest: Digest;
  /** Bytes sent; 0: the image was there. */
  sent: number;
  /** Of all its layers, compressed. */
  size: number;
}

/** What a pod writes for an image, whether or not it is there yet. */
export function describeImage(place: ClusterPlace, name: string, digest: Digest): ImageSource {
  return referTo(place.delivery, name, digest);
}

/** Builds for each platform of the nodes, and pushes or imports what is missing there. `tag` keeps it through a registry's clean-up. */
export async function publishImage(
  place: ClusterPlace,
  { name, tag, build }: { name: string; tag: string; build: (platform: Platform) => Promise<Image> },
  { report, signal }: { report: Report; signal: AbortSignal },
): Promise<Published> {
  const { delivery } = place;
  if (delivery.kind === "import") {
    const importer = findImporter(delivery.to);
    const image = await build(await importer.platform());
    const { digest } = listContent(image).root;
    const { places } = await importer.import(image, [importedName(name, digest)], { report, signal });
    const sent = places.reduce((sum, one) => sum + one.sent, 0);
    return { source: describeImage(place, name, digest), digest, sent, size: sizeOf([image]) };
  }
  const images = await buildAll(place, build);
  const [only, ...more] = images;
  const made = only !== undefined && more.length === 0 ? only : { images, annotations: only?.annotations ?? {} };
  const repository = openRepository(`${delivery.push}/${name}`, registryOptions(place));
  const { root, layers } = await pushImage(repository, made, { tags: [tag], report, signal });
  const sent = layers.reduce((sum, { size, pushed }) => sum + (pushed === "uploaded" ? size : 0), 0);
  return { source: describeImage(place, name, root.digest), digest: root.digest, sent, size: sizeOf(images) };
}

/** One after the other: each uses all cores when it compresses. */
export async function buildAll(
  { platforms }: Pick<ClusterPlace, "platforms">,
  build: (platform: Platform) => Promise<Image>,
): Promise<Image[]> {
  const images: Image[] = [];
  for (const platform of platforms) images.push(await build(platform));
  return images;
}

function sizeOf(images: readonly Image[]): number {
  return images.reduce((sum, { layers }) => sum + layers.reduce((of, { descriptor }) => of + descriptor.size, 0), 0);
}
