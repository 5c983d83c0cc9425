/** @file The model as a store of its own in the image: an OCI layout with one artifact, which the server opens as it opens any store. */
import { hexOf } from "../../base/digest.ts";
import { addArtifact, emptyIndex, moveAlias, printIndex } from "../../artifact/store/index-file.ts";
import type { PackedArtifact } from "../../artifact/types.ts";
import { bytesEntry, textEntry, type TarEntry } from "../tar/entry.ts";
import { appFolder } from "./runtime.ts";

/** In the image. */
export const storePath = `${appFolder}/store`;

export function collectModel({ artifact, manifest, blobs }: PackedArtifact): TarEntry[] {
  const { name } = artifact;
  // Whatever a store notes beside it in its own index, the layer's bytes are the same.
  const { mediaType, digest: own, size } = manifest.descriptor;
  // The alias is for servers that are told no digest.
  const index = moveAlias(addArtifact(emptyIndex, name, { mediaType, digest: own, size }), name, "champion", own);
  return [
    textEntry(`${storePath}/oci-layout`, `{"imageLayoutVersion":"1.0.0"}\n`),
    textEntry(`${storePath}/index.json`, printIndex(index)),
    // Their digests were checked when they were packed.
    ...[manifest, ...blobs].map(({ descriptor: { digest }, bytes }) =>
      bytesEntry(`${storePath}/blobs/sha256/${hexOf(digest)}`, bytes, 0o644, digest),
    ),
  ];
}
