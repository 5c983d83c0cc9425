import type { Digest } from "../base/digest.ts";
import type { BlobSource } from "../oci/blob-source.ts";
import { measure } from "./hash.ts";
import type { TarEntry } from "./tar/entry.ts";
import { writeTar } from "./tar/write.ts";
import type { Layer } from "./types.ts";

export const layerTypes = {
  tar: "application/vnd.oci.image.layer.v1.tar",
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/**
 * A layer as it is, without compression: its digest is that of the tar, and it costs one reading. Right for what is small or does
 * not get smaller (weights do not). For the rest: `gzipLayer` of the cache.
 */
export async function plainLayer(name: string, entries: Iterable<TarEntry>): Promise<Layer> {
  const tar = writeTar(name, entries);
  return toPlainLayer(name, tar, (await measure(tar)).digest);
}

export function toPlainLayer(name: string, tar: BlobSource, diffId: Digest): Layer {
  return { name, descriptor: { mediaType: layerTypes.tar, digest: diffId, size: tar.size }, diffId, content: tar };
}
