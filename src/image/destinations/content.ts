import { fromBytes } from "../../oci/blob-source.ts";
import type { Descriptor } from "../../oci/types.ts";
import { platformOf } from "../image.ts";
import { printImage, printIndex, type Document } from "../manifest.ts";
import type { Image, ImageIndex, Layer } from "../types.ts";

/** Everything that an image is stored as, each thing once: what a destination takes, in an order in which no name precedes what it names. */
export interface Content {
  layers: readonly Layer[];
  configs: readonly Document[];
  /** The last is the one that stands for all: the image's manifest, or the index over several. */
  manifests: readonly Document[];
  root: Descriptor;
  /** Of a single image. */
  platform: { os: string; architecture: string } | undefined;
}

export function listContent(image: Image | ImageIndex): Content {
  const images = "images" in image ? image.images : [image];
  const printed = images.map(printImage);
  const manifests = printed.map(({ manifest }) => manifest);
  if ("images" in image) manifests.push(printIndex(image));
  const [root] = manifests.slice(-1);
  return {
    layers: unique(images.flatMap(({ layers }) => layers)),
    configs: unique(printed.map(({ config }) => config)),
    manifests: unique(manifests),
    // There is always one: an index without images is a manifest too.
    root: root!.descriptor,
    platform: "images" in image ? undefined : platformOf(image),
  };
}

/** All of it as files of a layout. */
export function listBlobs({ layers, configs, manifests }: Content): Pick<Layer, "descriptor" | "content">[] {
  const documents = [...configs, ...manifests].map(({ descriptor, bytes }) => ({
    descriptor,
    content: fromBytes(bytes, descriptor.digest),
  }));
  return [...layers, ...documents];
}

function unique<T extends { descriptor: Descriptor }>(list: readonly T[]): T[] {
  return [...new Map(list.map((one) => [one.descriptor.digest, one])).values()];
}
