/** @file An image that someone else made, as the ground for ours: its layers are taken as they are, by digest. */
import { isDigest, type Digest } from "../base/digest.ts";
import type { BlobSource } from "../oci/blob-source.ts";
import type { Descriptor } from "../oci/types.ts";
import { baseUnfit } from "./errors.ts";
import { annotate } from "./image.ts";
import { layerTypes } from "./layer.ts";
import { printPlatform } from "./platform.ts";
import type { Image, ImageConfig, Layer, Platform } from "./types.ts";

/** What a registry client says of an image for one platform. Nothing of a layer is read unless a destination lacks it. */
export interface BaseImage {
  /** As the user wrote it: `debian:12-slim`. */
  reference: string;
  /** Of its manifest for this platform. */
  digest: Digest;
  /** The config blob, parsed. */
  config: unknown;
  layers: readonly Descriptor[];
  open(layer: Descriptor): BlobSource;
  /** The repository that has the layers: `registry.example.com/team/base`. */
  repository?: string;
}

/** Docker's names for what OCI has under its own: the bytes are the same. */
const sameTypes: Readonly<Record<string, string>> = {
  "application/vnd.docker.image.rootfs.diff.tar.gzip": layerTypes.gzip,
  "application/vnd.docker.image.rootfs.diff.tar": layerTypes.tar,
};

/** The base as an image value. Throws `baseUnfit` where it is for another platform or makes no sense. */
export function fromBaseImage(base: BaseImage, platform: Platform): Image {
  const refuse = (why: string) => baseUnfit({ base: base.reference, why });
  const config = (base.config ?? {}) as Partial<ImageConfig> & { rootfs?: { diff_ids?: readonly unknown[] } };
  const seen = printPlatform({ os: config.os ?? "?", architecture: config.architecture ?? "?" });
  if (seen !== printPlatform(platform)) throw refuse(`it is for ${seen}, wanted ${printPlatform(platform)}`);
  const diffIds = config.rootfs?.diff_ids ?? [];
  if (diffIds.length !== base.layers.length)
    throw refuse(`its config tells of ${diffIds.length} layers, its manifest of ${base.layers.length}`);
  const layers = base.layers.map((descriptor, index): Layer => {
    const diffId = diffIds[index];
    if (typeof diffId !== "string" || !isDigest(diffId)) throw refuse(`its config has no digest for layer ${index}`);
    const { digest, size } = descriptor;
    const mediaType = sameTypes[descriptor.mediaType] ?? descriptor.mediaType;
    if (!mediaType.startsWith("application/vnd.oci.image.layer.v1."))
      throw refuse(`its layer ${index} is of the kind ${mediaType}, which cannot be copied`);
    return {
      name: base.layers.length === 1 ? "base" : `base ${index + 1}`,
      descriptor: { mediaType, digest, size },
      diffId,
      content: base.open(descriptor),
      ...(base.repository !== undefined && { origin: base.repository }),
    };
  });
  const { rootfs: _layers, ...rest } = config;
  const image: Image = {
    config: {
      ...rest,
      os: platform.os,
      architecture: platform.architecture,
      config: rest.config ?? {},
      history: rest.history ?? [],
    },
    layers,
    annotations: {},
  };
  // The specification's keys for what an image stands on: scanners and update bots read them.
  return annotate(image, {
    "org.opencontainers.image.base.name": base.reference,
    "org.opencontainers.image.base.digest": base.digest,
  });
}
