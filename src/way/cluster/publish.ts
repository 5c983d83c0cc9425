/** @file An image to where the cluster's nodes take it from. */
import type { Digest } from "../../base/digest.ts";
import type { Report } from "../../base/progress.ts";
import { listContent } from "../../image/destinations/content.ts";
import { openNodes } from "../../image/destinations/find.ts";
import { pushImage } from "../../image/destinations/registry.ts";
import { referTo } from "../../image/delivery/choose.ts";
import { makeImage, type Build } from "../../image/make.ts";
import { importedName } from "../../image/imported-name.ts";
import type { Image } from "../../image/types.ts";
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

export interface ImagePlan {
  /** The project's. */
  name: string;
  /** Keeps it through a registry's clean-up. */
  tag: string;
  build: Build;
}

/** Builds, and pushes or imports what is missing there. */
export async function publishImage(
  place: ClusterPlace,
  { name, tag, build }: ImagePlan,
  { report, signal }: { report: Report; signal: AbortSignal },
): Promise<Published> {
  const { delivery } = place;
  const image = await makeImage(place.platforms, build);
  const { digest } = listContent(image).root;
  const size = sizeOf("images" in image ? image.images : [image]);
  const source = describeImage(place, name, digest);
  if (delivery.kind === "import") {
    if ("images" in image) throw new TypeError("an importer's image is of one platform");
    const { places } = await openNodes(delivery.to).import(image, [importedName(name, digest)], { report, signal });
    return { source, digest, sent: places.reduce((sum, one) => sum + one.sent, 0), size };
  }
  const repository = openRepository(`${delivery.push}/${name}`, registryOptions(place));
  const { layers } = await pushImage(repository, image, { tags: [tag], report, signal });
  const sent = layers.reduce((sum, { size: of, pushed }) => sum + (pushed === "uploaded" ? of : 0), 0);
  return { source, digest, sent, size };
}

function sizeOf(images: readonly Image[]): number {
  return images.reduce((sum, { layers }) => sum + layers.reduce((of, { descriptor }) => of + descriptor.size, 0), 0);
}
