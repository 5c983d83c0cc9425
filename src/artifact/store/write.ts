/** @file Changing the layout: blobs first, then the index under the lock. */
import type { Digest } from "../../base/digest.ts";
import { aliasMoved, artifactInUse } from "../errors.ts";
import type { Package } from "../manifest.ts";
import { annotations, mediaTypes, type Descriptor } from "../oci.ts";
import { parseReference } from "../reference.ts";
import { resolveReference, type Known } from "../resolve.ts";
import type { Artifact } from "../types.ts";
import { hasBlob, putBlob, sweepBlobs } from "./blobs.ts";
import { removeAbandoned } from "./files.ts";
import { changeIndex, prepareFolder, type StorePaths } from "./folder.ts";
import { noteMoves } from "./history.ts";
import { addArtifact, findAlias, listEntries, moveAlias, withoutArtifact } from "./index-file.ts";
import { listReachable } from "./reach.ts";

export async function putArtifact(paths: StorePaths, { artifact, manifest, blobs }: Package): Promise<Artifact> {
  await prepareFolder(paths);
  const all = [...blobs, manifest];
  for (const blob of all) await putBlob(paths, blob);
  const descriptor = toEntry(manifest.descriptor, artifact);
  return changeIndex(paths, async (before) => {
    // A sweep may have removed them since they were written; under the lock none can.
    for (const blob of all) if (!(await hasBlob(paths.root, blob.descriptor))) await putBlob(paths, blob);
    const index = addArtifact(before, artifact.name, descriptor);
    const entry = listEntries(index).find(({ name, digest }) => name === artifact.name && digest === artifact.digest);
    return [index, { ...artifact, aliases: (entry?.aliases ?? []).toSorted() }];
  });
}

export async function setAlias(
  paths: StorePaths,
  name: string,
  alias: string,
  digest: Digest,
  options: { expect?: Digest | undefined } = {},
): Promise<void> {
  parseReference(`${name}:${alias}`);
  await changeIndex(paths, (index, last) => {
    resolveReference(`${name}@${digest}`, listEntries(index), paths.root);
    const found = findAlias(index, name, alias);
    if (found === digest) return [index, undefined];
    if ("expect" in options && options.expect !== found)
      throw aliasMoved({ name, alias, expected: options.expect, found });
    const move = { name, alias, ...(found !== undefined && { from: found }), to: digest };
    return [noteMoves(moveAlias(index, name, alias, digest), last, [move]), undefined];
  });
}

export async function removeAlias(paths: StorePaths, name: string, alias: string): Promise<void> {
  await changeIndex(paths, (index, last) => {
    const { digest } = resolveReference(`${name}:${alias}`, listEntries(index), paths.root);
    return [noteMoves(moveAlias(index, name, alias, undefined), last, [{ name, alias, from: digest }]), undefined];
  });
}

export async function removeArtifact(paths: StorePaths, reference: string, { force = false } = {}): Promise<Known> {
  return changeIndex(paths, (index, last) => {
    const { name, digest, aliases } = resolveReference(reference, listEntries(index), paths.root);
    if (aliases.length > 0 && !force) throw artifactInUse({ reference: `${name}@${digest}`, aliases });
    const rest = withoutArtifact(index, name, digest);
    const moves = aliases.toSorted().map((alias) => ({ name, alias, from: digest }));
    return [moves.length === 0 ? rest : noteMoves(rest, last, moves), { name, digest, aliases: aliases.toSorted() }];
  });
}

export async function collectBlobs(paths: StorePaths): Promise<{ blobs: number; bytes: number }> {
  return changeIndex(paths, async (index) => {
    const swept = await sweepBlobs(paths.root, new Set((await listReachable(paths.root, index)).keys()));
    await removeAbandoned(paths.scratch);
    return [index, swept];
  });
}

/** What the index says of a model, so that it is found without reading every manifest. */
function toEntry(descriptor: Descriptor, { createdAt, lineage }: Package["artifact"]): Descriptor {
  return {
    ...descriptor,
    artifactType: mediaTypes.model,
    annotations: { [annotations.created]: createdAt, [annotations.inputs]: lineage.inputs },
  };
}
