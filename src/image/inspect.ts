import type { Digest } from "../base/digest.ts";
import { platformOf } from "./image.ts";
import { printImage, printIndex } from "./manifest.ts";
import { printPlatform } from "./platform.ts";
import type { Image, ImageIndex, RunConfig } from "./types.ts";

export interface ImageSummary {
  digest: Digest;
  platform: string;
  /** Bytes that a registry keeps and a node pulls: layers, config and manifest. */
  size: number;
  layers: readonly { name: string; digest: Digest; diffId: Digest; mediaType: string; size: number }[];
  config: RunConfig;
  annotations: Readonly<Record<string, string>>;
}

/** What `slipway image inspect` shows. */
export function inspectImage(image: Image): ImageSummary {
  const { config, manifest } = printImage(image);
  const layers = image.layers.map(({ name, diffId, descriptor: { digest, mediaType, size } }) => ({
    name,
    digest,
    diffId,
    mediaType,
    size,
  }));
  const size = layers.reduce((sum, layer) => sum + layer.size, config.descriptor.size + manifest.descriptor.size);
  return {
    digest: manifest.descriptor.digest,
    platform: printPlatform(platformOf(image)),
    size,
    layers,
    config: image.config.config,
    annotations: image.annotations,
  };
}

export function inspectIndex(index: ImageIndex): { digest: Digest; images: readonly ImageSummary[] } {
  return { digest: printIndex(index).descriptor.digest, images: index.images.map(inspectImage) };
}
