/** @file Changing a store in a registry: blobs, then the manifest under the artifact's own tag; aliases and removals by one writer at a time. */
import { isDigest, type Digest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { deleteManifest, putManifest } from "../../oci/manifests.ts";
import { pushBlob } from "../../oci/push-blob.ts";
import { deleteBlob } from "../../oci/read-blob.ts";
import { isTag } from "../../oci/reference.ts";
import { emptyConfig } from "../../oci/types.ts";
import type { Repository } from "../../oci/repository.ts";
import { forEachLimited } from "../../oci/transfer.ts";
import { aliasMoved, artifactInUse, blobMissing, contentInvalid, referenceInvalid } from "../errors.ts";
import { annotations, type Descriptor } from "../oci.ts";
import { parseReference } from "../reference.ts";
import type { Known } from "../resolve.ts";
import type { Artifact, PackedArtifact } from "../types.ts";
import { isManifest } from "./index-file.ts";
import { waitForCollectors, withClaim } from "./registry-claim.ts";
import { addMoves, addName, listNames, toMove } from "./registry-journal.ts";
import {
  findEntry,
  listEntries,
  looksAtOnce,
  readManifestBytes,
  readName,
  readReferences,
  type Entry,
} from "./registry-read.ts";
import {
  dropTag,
  isUnsupported,
  putNote,
  repositoryFor,
  tryDelete,
  type RegistryPlace,
} from "./registry-repository.ts";
import {
  collected,
  fact,
  inputsOf,
  isReserved,
  journalName,
  toArtifactTag,
  toNameTag,
  toRemovedTag,
} from "./registry-tags.ts";

/** How long one round of collecting takes up new work, in milliseconds: well within a claim. */
const roundMs = 5000;

export async function putArtifact(place: RegistryPlace, packed: PackedArtifact): Promise<Artifact> {
  const { artifact, manifest, blobs } = packed;
  const { name, digest } = artifact;
  refuseName(name);
  const repository = repositoryFor(place, name);
  const tag = toArtifactTag(digest, inputsOf(artifact.lineage.inputs));
  const { mediaType } = manifest.descriptor;
  const pushManifest = () => putManifest(repository, tag, { bytes: manifest.bytes, mediaType });
  const pushBlobs = (all: PackedArtifact["blobs"]) =>
    forEachLimited(all, place.registry.concurrency, ({ descriptor, bytes }) => {
      const label = descriptor.annotations?.[annotations.title];
      return pushBlob(repository, descriptor.digest, fromBytes(bytes, label), {
        report: (event) => place.report({ ...event, step: "artifact" }),
        ...(label !== undefined && { label }),
      });
    });
  await addName(place, name);
  await pushBlobs(blobs);
  await pushManifest();
  const { removed } = await readName(place, name);
  if (removed.some((one) => one.digest === digest))
    await withClaim(place, "write", () => dropTag(place, repository, toRemovedTag(digest)));
  // Whoever collects since before our tag was there may have taken what we found in place. Those who begin now see the tag.
  else await waitForCollectors(place);
  await pushBlobs(blobs);
  await pushManifest();
  const entry = (await listEntries(place, name)).find((one) => one.digest === digest);
  return { ...artifact, aliases: (entry?.aliases ?? []).toSorted() };
}

export async function setAlias(
  place: RegistryPlace,
  name: string,
  alias: string,
  digest: Digest,
  options: { expect?: Digest | undefined } = {},
): Promise<void> {
  parseReference(`${name}:${alias}`);
  if (isReserved(alias))
    throw referenceInvalid({
      reference: `${name}:${alias}`,
      why: `in a registry, tags like ${alias} have a meaning of their own`,
    });
  const repository = repositoryFor(place, name);
  await withClaim(place, "write", async (signal) => {
    const entries = await listEntries(place, name);
    if (!entries.some((entry) => entry.digest === digest)) await findEntry(place, `${name}@${digest}`);
    const held = entries.find(({ aliases }) => aliases.includes(alias));
    if (held?.digest === digest) return;
    if ("expect" in options && options.expect !== held?.digest)
      throw aliasMoved({ name, alias, expected: options.expect, found: held?.digest });
    if (held !== undefined) await keep(place, held);
    const { bytes, descriptor } = await readManifestBytes(place, name, digest);
    await putManifest(repository, alias, { bytes, mediaType: descriptor.mediaType }, { signal });
    await addMoves(place, [toMove(name, alias, held?.digest, digest)], signal);
  });
}

export async function removeAlias(place: RegistryPlace, name: string, alias: string): Promise<void> {
  await withClaim(place, "write", async (signal) => {
    const entry = await findEntry(place, `${name}:${alias}`);
    await keep(place, entry);
    await dropTag(place, repositoryFor(place, name), alias, { signal });
    await addMoves(place, [toMove(name, alias, entry.digest, undefined)], signal);
  });
}

export async function removeArtifact(place: RegistryPlace, reference: string, { force = false } = {}): Promise<Known> {
  return withClaim(place, "write", async (signal) => {
    const { name, digest, aliases, inputs } = await findEntry(place, reference);
    if (aliases.length > 0 && !force) throw artifactInUse({ reference: `${name}@${digest}`, aliases });
    const repository = repositoryFor(place, name);
    await putNote(place, repository, toRemovedTag(digest), fact, { signal });
    const sorted = aliases.toSorted();
    for (const alias of sorted) await dropTag(place, repository, alias, { signal });
    if (inputs !== undefined) await dropTag(place, repository, toArtifactTag(digest, inputs), { signal });
    if (sorted.length > 0)
      await addMoves(
        place,
        sorted.map((alias) => toMove(name, alias, digest, undefined)),
        signal,
      );
    return { name, digest, aliases: sorted };
  });
}

/** Deletes the blobs of removed artifacts. Throws `unsupported` of the client where there are some and the registry deletes nothing. */
export async function collectBlobs(place: RegistryPlace): Promise<{ blobs: number; bytes: number }> {
  const swept = { blobs: 0, bytes: 0 };
  for (const name of await listNames(place)) {
    // In rounds: a claim is good for some seconds only, and others shall have their turn.
    let isDone = (await readName(place, name)).removed.every(({ isCollected }) => isCollected);
    while (!isDone) isDone = await withClaim(place, "collect", (signal) => collectName(place, name, swept, signal));
  }
  return swept;
}

/** True: nothing is left to do. */
async function collectName(
  place: RegistryPlace,
  name: string,
  swept: { blobs: number; bytes: number },
  signal: AbortSignal,
): Promise<boolean> {
  const began = performance.now();
  const { entries, removed, others } = await readName(place, name, { withOthers: true });
  const repository = repositoryFor(place, name);
  const kept = await listReachable(place, name, [...entries.map(({ digest }) => digest), ...others]);
  for (const { digest, tags } of removed.filter(({ isCollected }) => !isCollected)) {
    if (performance.now() - began > roundMs) return false;
    const manifest = await readManifestBytes(place, name, digest).catch(ignoreMissing);
    if (manifest !== undefined && !kept.has(digest)) {
      await deleteManifest(repository, digest, { signal });
      count(swept, manifest.descriptor);
      for (const blob of readReferences(manifest)) {
        if (kept.has(blob.digest)) continue;
        kept.add(blob.digest); // shared by two that were removed: deleted, and counted, once
        if (await tryDeleteBlob(repository, blob.digest, signal)) count(swept, blob);
      }
    }
    let isGone = true;
    for (const tag of tags) isGone = (await tryDelete(repository, tag, { signal })) && isGone;
    if (isGone) await dropTag(place, repository, toRemovedTag(digest), { signal });
    else await putNote(place, repository, toRemovedTag(digest), collected, { signal });
  }
  return true;
}

/** All that these manifests, and those below them, refer to. What a lost one referred to is unknown: then nothing may be deleted. */
async function listReachable(place: RegistryPlace, name: string, from: readonly Digest[]): Promise<Set<Digest>> {
  // The notes that tags point at need it.
  const reached = new Set<Digest>([emptyConfig.descriptor.digest]);
  for (let level = [...new Set(from)]; level.length > 0;) {
    for (const digest of level) reached.add(digest);
    const manifests = await forEachLimited(level, looksAtOnce, (digest) => readManifestBytes(place, name, digest));
    const below = manifests.flatMap(readReferences);
    level = [
      ...new Set(below.filter((one) => isManifest(one) && !reached.has(one.digest)).map(({ digest }) => digest)),
    ];
    for (const { digest } of below) reached.add(digest);
  }
  return reached;
}

/** Many registries delete manifests only, and free blobs by themselves: then there is nothing to do here. */
async function tryDeleteBlob(repository: Repository, digest: Digest, signal: AbortSignal): Promise<boolean> {
  try {
    return await deleteBlob(repository, digest, { signal });
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    return false;
  }
}

/** An artifact that another tool stored under an alias alone gets its own tag before the alias may leave it. */
async function keep(place: RegistryPlace, { name, digest, inputs }: Entry): Promise<void> {
  if (inputs !== undefined) return;
  const { bytes, descriptor } = await readManifestBytes(place, name, digest);
  const noted = readAnnotation(bytes, annotations.inputs);
  const tag = toArtifactTag(digest, inputsOf(noted !== undefined && isDigest(noted) ? noted : undefined));
  await putManifest(repositoryFor(place, name), tag, { bytes, mediaType: descriptor.mediaType });
}

function readAnnotation(bytes: Uint8Array, key: string): string | undefined {
  const { annotations: own } = JSON.parse(new TextDecoder().decode(bytes)) as { annotations?: Record<string, unknown> };
  const value = own?.[key];
  return typeof value === "string" ? value : undefined;
}

/** A damaged artifact can be removed. */
function ignoreMissing(error: unknown): undefined {
  if (findSlipwayError(error)?.code !== blobMissing.code) throw error;
}

function count(swept: { blobs: number; bytes: number }, { size }: Pick<Descriptor, "size">): void {
  swept.blobs++;
  swept.bytes += size;
}

function refuseName(name: string): void {
  const tag = toNameTag(name);
  if (name === journalName)
    throw contentInvalid({
      field: "its name",
      seen: name,
      wanted: "another one: in a registry this is the store's own",
    });
  if (!isTag(tag))
    throw contentInvalid({
      field: "its name",
      seen: `${name.length} characters long`,
      wanted: "at most 123 in a registry",
    });
}
