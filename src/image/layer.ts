import { storedGzip } from "./gzip/stored.ts";
import { measure } from "./hash.ts";
import type { TarEntry } from "./tar/entry.ts";
import { writeTar } from "./tar/write.ts";
import type { Layer } from "./types.ts";

export const layerTypes = {
  tar: "application/vnd.oci.image.layer.v1.tar",
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/**
 * A layer that is gzip by name only: its bytes are stored as they are, so it costs little more than the hashes. Right for what is
 * small or does not get smaller (weights do not). Plain tar would do by the specification, but crane refuses it.
 * For the rest: `gzipLayer` of the cache.
 */
export async function storedLayer(name: string, entries: Iterable<TarEntry>): Promise<Layer> {
  const tar = writeTar(name, entries);
  const { digest: diffId } = await measure(tar);
  const content = await storedGzip(tar);
  return { name, descriptor: { mediaType: layerTypes.gzip, ...(await measure(content)) }, diffId, content };
}
