/** @file An image as one tar file, for machines that no registry reaches: `ctr images import`, `docker load`, `podman load`, kind, minikube. */
import { open, rename, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { hexOf } from "../../base/digest.ts";
import { fromBytes, type BlobSource } from "../../oci/blob-source.ts";
import { destinationUnusable } from "../errors.ts";
import { storedGzip } from "../gzip/stored.ts";
import { readAll } from "../hash.ts";
import { layerTypes } from "../layer.ts";
import { printImage } from "../manifest.ts";
import { textEntry, type TarEntry } from "../tar/entry.ts";
import { writeTar } from "../tar/write.ts";
import type { Image, ImageIndex } from "../types.ts";
import { listBlobs, listContent } from "./content.ts";
import { layoutVersion, named, printLayoutIndex } from "./layout.ts";

/**
 * An OCI layout in a tar: an image or an index, by its own digests, under one name or several. Layers whose digests are in
 * `without` are left out (the specification allows it): for a reader that has them.
 */
export function ociArchive(
  image: Image | ImageIndex,
  names: string | readonly string[],
  { without = new Set() }: { without?: ReadonlySet<string> } = {},
): BlobSource {
  const all = [names].flat();
  const content = listContent(image);
  const layers = content.layers.filter(({ descriptor }) => !without.has(descriptor.digest));
  return writeTar(all[0] ?? "image", [
    textEntry("oci-layout", layoutVersion),
    textEntry("index.json", printLayoutIndex(all.map((name) => named(content, name)))),
    ...listBlobs({ ...content, layers }).map(({ descriptor, content: source }) =>
      fileOf(`blobs/${descriptor.digest.replace(":", "/")}`, source),
    ),
  ]);
}

/**
 * What `docker save` writes, for one platform. A base's layers without compression are gzip here as all others, since some
 * readers look at the first layer only and take the others to be like it; config and image id are those of the image.
 */
export async function dockerArchive(image: Image, names: string | readonly string[]): Promise<BlobSource> {
  const { config } = printImage(image);
  const configPath = `${hexOf(config.descriptor.digest)}.json`;
  const entries: TarEntry[] = [fileOf(configPath, fromBytes(config.bytes, configPath))];
  const paths: string[] = [];
  for (const { descriptor, content, diffId } of image.layers) {
    const path = `${hexOf(diffId)}.tar.gz`;
    paths.push(path);
    entries.push(fileOf(path, descriptor.mediaType === layerTypes.tar ? await storedGzip(content) : content));
  }
  const all = [names].flat();
  const manifest = [{ Config: configPath, RepoTags: all, Layers: paths }];
  return writeTar(all[0] ?? "image", [textEntry("manifest.json", JSON.stringify(manifest)), ...entries]);
}

/** Writes an archive to a file, which is there whole or not at all. Throws `destinationUnusable`. */
export async function writeArchive(archive: BlobSource, path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    {
      await using file = await open(draft, "wx", 0o644);
      for await (const piece of readAll(archive)) await file.writeFile(piece);
    }
    await rename(draft, path);
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : destinationUnusable({ path, why: message }, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}

function fileOf(path: string, content: BlobSource): TarEntry {
  return { kind: "file", path, mode: 0o644, content, stamp: undefined };
}
