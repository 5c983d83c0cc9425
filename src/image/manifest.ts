/** @file The JSON of an image: config, manifest and index, as the OCI image specification has them. The same image gives the same bytes. */
import { canonicalJson, digestOf } from "../base/digest.ts";
import { manifestTypes, type Descriptor } from "../oci/types.ts";
import { platformOf } from "./image.ts";
import type { Image, ImageIndex } from "./types.ts";

/** A small blob in memory, with the descriptor that names it. */
export interface Document {
  descriptor: Descriptor;
  bytes: Uint8Array;
}

export const configType = "application/vnd.oci.image.config.v1+json";

/** What an image is stored as besides its layers. `manifest.descriptor.digest` is the image's digest. */
export function printImage(image: Image): { config: Document; manifest: Document } {
  const { config: described, layers, annotations } = image;
  const config = toDocument(configType, {
    ...described,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = toDocument(manifestTypes.manifest, {
    schemaVersion: 2,
    mediaType: manifestTypes.manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  });
  return { config, manifest };
}

/** The index over images that have been printed. */
export function printIndex({ images, annotations }: ImageIndex): Document {
  return toDocument(manifestTypes.index, {
    schemaVersion: 2,
    mediaType: manifestTypes.index,
    manifests: images.map((image) => ({ ...printImage(image).manifest.descriptor, platform: platformOf(image) })),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  });
}

function toDocument(mediaType: string, value: object): Document {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, bytes };
}
