import type { Digest } from "../../base/digest.ts";
import { fromBytes, type BlobSource } from "../../oci/blob-source.ts";
import type { Descriptor } from "../../oci/types.ts";
import { platformOf } from "../image.ts";
import { printImage, printIndex, type Document } from "../manifest.ts";
import type { Image, ImageIndex } from "../types.ts";

/** Everything that an image is stored as. */
export interface Content {
  /** Layers first, what refers to them after, so that no reader meets a name of something missing. Each once. */
  blobs: readonly { digest: Digest; source: BlobSource }[];
  /** Of the manifest or index that stands for all of it. */
  root: Descriptor;
  /** Of a single image. */
  image: { os: string; architecture: string } | undefined;
}

export function listContent(image: Image | ImageIndex): Content {
  const images = "images" in image ? image.images : [image];
  const blobs = new Map<Digest, BlobSource>();
  const documents: Document[] = [];
  for (const one of images) {
    for (const { descriptor, content } of one.layers) blobs.set(descriptor.digest, content);
    const { config, manifest } = printImage(one);
    documents.push(config, manifest);
  }
  if ("images" in image) documents.push(printIndex(image));
  for (const { descriptor, bytes } of documents) blobs.set(descriptor.digest, fromBytes(bytes, descriptor.digest));
  return {
    blobs: [...blobs].map(([digest, source]) => ({ digest, source })),
    root: documents.at(-1)!.descriptor,
    image: "images" in image ? undefined : platformOf(image),
  };
}
