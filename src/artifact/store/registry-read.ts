/** @file Reading a store in a registry. No claim is taken; what was removed meanwhile is looked up again. */
import { shortDigest, type Digest } from "../../base/digest.ts";
import { findSlipwayError, type SlipwayError } from "../../base/errors.ts";
import { contentMismatch, notFound } from "../../oci/errors.ts";
import { getManifest, headManifest } from "../../oci/manifests.ts";
import { hasBlob, readBlob, readBlobBytes } from "../../oci/read-blob.ts";
import { printRepository, type Repository } from "../../oci/repository.ts";
import { listTags } from "../../oci/tags.ts";
import { forEachLimited } from "../../oci/transfer.ts";
import { artifactIncomplete, blobCorrupted, blobMissing } from "../errors.ts";
import { readManifest, toArtifact } from "../manifest.ts";
import { annotations, type Blob, type Descriptor } from "../oci.ts";
import { parseReference } from "../reference.ts";
import { resolveReference, type Known } from "../resolve.ts";
import type { Artifact, PackedArtifact } from "../types.ts";
import { listReferences } from "./index-file.ts";
import { toNewestFirst } from "./read.ts";
import { listNames } from "./registry-journal.ts";
import { repositoryFor, type RegistryPlace } from "./registry-repository.ts";
import { collected, mayBeOf, nothing, readTag } from "./registry-tags.ts";

/** An artifact that was removed. */
export interface Removed {
  digest: Digest;
  /** Its own tags, where they could not be deleted. */
  tags: string[];
  /** Its blobs are gone. */
  isCollected: boolean;
}

export interface Entry extends Known {
  /** Part of the inputs' digest, from the artifact's own tag; undefined where it has none, because another tool stored it. */
  inputs?: string;
}

/** Requests that ask only for headers are cheap: more of them go at once than transfers do. */
export const looksAtOnce = 16;

/** Artifacts of one name, with their aliases. */
export async function listEntries(place: RegistryPlace, name: string): Promise<Entry[]> {
  return (await readName(place, name)).entries;
}

/** What the tags of a name say: its artifacts, those that wait for `collect`, and, where it is asked for, what other tags point at. */
export async function readName(
  place: RegistryPlace,
  name: string,
  { withOthers = false } = {},
): Promise<{ entries: Entry[]; removed: Removed[]; others: Digest[] }> {
  const repository = repositoryFor(place, name);
  const tags = (await listTags(repository)).map((tag) => ({ tag, ...readTag(tag) }));
  const entries = new Map<Digest, Entry & { aliases: string[] }>();
  for (const one of tags)
    if (one.kind === "artifact") entries.set(one.digest, { name, digest: one.digest, aliases: [], inputs: one.inputs });
  const removed: Removed[] = [];
  const others: Digest[] = [];
  // What these point at is not in their name: an alias moves, and a removal may have been taken back.
  const pointing = tags.filter(
    ({ kind }) => kind === "alias" || kind === "removed" || (withOthers && kind === "other"),
  );
  await forEachLimited(pointing, looksAtOnce, async (one) => {
    const target = await headManifest(repository, one.tag);
    if (target === undefined || target.digest === nothing.digest) return;
    if (one.kind === "removed") {
      const own = tags.filter((tag) => tag.kind === "artifact" && tag.digest === one.digest).map(({ tag }) => tag);
      removed.push({ digest: one.digest, tags: own, isCollected: target.digest === collected.digest });
    }
    if (one.kind === "other") others.push(target.digest);
    if (one.kind !== "alias") return;
    const entry = entries.get(target.digest) ?? { name, digest: target.digest, aliases: [] };
    entry.aliases.push(one.alias);
    entries.set(target.digest, entry);
  });
  // Another tool may have given an alias to a removed one: then it is there again.
  for (const { digest } of removed) if (entries.get(digest)?.aliases.length === 0) entries.delete(digest);
  return {
    entries: [...entries.values()],
    removed: removed.filter(({ digest }) => !entries.has(digest)),
    others,
  };
}

/** Throws like `Store.get`. */
export async function findEntry(place: RegistryPlace, reference: string): Promise<Entry> {
  const { name } = parseReference(reference);
  const own = name === undefined ? [] : await listEntries(place, name);
  // The whole store is looked through only where it must be: for a digest without a name, and for the nearest names.
  return resolveReference(reference, own.length > 0 ? own : await listAllEntries(place), place.location);
}

export async function getArtifact(place: RegistryPlace, reference: string): Promise<Artifact> {
  const entry = await findEntry(place, reference);
  try {
    return await load(place, entry);
  } catch (error) {
    if (findSlipwayError(error)?.code !== blobMissing.code) throw error;
    // Where it was removed meanwhile, the second look says so.
    return load(place, await findEntry(place, reference));
  }
}

/** One request for headers. */
export async function readAlias(place: RegistryPlace, name: string, alias: string): Promise<Digest | undefined> {
  const target = await headManifest(repositoryFor(place, name), alias);
  return target?.digest === nothing.digest ? undefined : target?.digest;
}

export async function listArtifacts(place: RegistryPlace, name: string | undefined): Promise<Artifact[]> {
  const entries = name === undefined ? await listAllEntries(place) : await listEntries(place, name);
  return loadAll(place, entries, [artifactIncomplete.code]);
}

export async function findArtifact(place: RegistryPlace, name: string, inputs: Digest): Promise<Artifact | undefined> {
  const entries = (await listEntries(place, name)).filter((entry) => mayBeOf(inputs, entry.inputs));
  const damage = [artifactIncomplete.code, blobMissing.code, blobCorrupted.code];
  for (const artifact of await loadAll(place, entries, damage))
    // The registry checked the bytes when they came; reading them all again would cost more than it tells.
    if (artifact.lineage.inputs === inputs && (await hasBlob(repositoryFor(place, name), artifact.model.digest)))
      return artifact;
  return undefined;
}

export async function readBytes(
  place: RegistryPlace,
  name: string,
  wanted: Pick<Descriptor, "annotations" | "digest" | "size">,
): Promise<Uint8Array> {
  const repository = repositoryFor(place, name);
  const label = wanted.annotations?.[annotations.title];
  return readBlobBytes(repository, wanted, {
    report: (event) => place.report({ ...event, step: "artifact" }),
    ...(label !== undefined && { label }),
  }).catch(toDamage(repository, wanted.digest));
}

/** The manifest and all blobs of an artifact, as they are stored. */
export async function packStored(place: RegistryPlace, reference: string): Promise<PackedArtifact> {
  const artifact = await getArtifact(place, reference);
  const { name, digest, model, signature, lineage, createdAt } = artifact;
  const manifest = await readManifestBytes(place, name, digest);
  const blobs = await forEachLimited(readReferences(manifest), place.registry.concurrency, async (descriptor) => ({
    descriptor,
    bytes: await readBytes(place, name, descriptor),
  }));
  return { artifact: { name, digest, model, signature, lineage, createdAt }, manifest, blobs };
}

/** Reads all that any artifact refers to; what is damaged or missing comes back as errors. */
export async function findDamage(place: RegistryPlace): Promise<SlipwayError[]> {
  const damage: SlipwayError[] = [];
  const note = (error: unknown) => {
    const known = findSlipwayError(error);
    if (known === undefined || ![blobMissing.code, blobCorrupted.code].includes(known.code)) throw error;
    damage.push(known); // this is the answer, not a failure of the search
  };
  const seen = new Set<string>();
  for (const { name, digest } of await listAllEntries(place)) {
    const repository = repositoryFor(place, name);
    const blobs = await readManifestBytes(place, name, digest).then(readReferences, (error: unknown) => {
      note(error);
      return [];
    });
    const fresh = blobs.filter((blob) => !seen.has(`${name}@${blob.digest}`));
    for (const blob of fresh) seen.add(`${name}@${blob.digest}`);
    await forEachLimited(fresh, place.registry.concurrency, (blob) => drain(repository, blob).catch(note));
  }
  return damage;
}

/** Throws `blobMissing`, `blobCorrupted`. */
export async function readManifestBytes(place: RegistryPlace, name: string, digest: Digest): Promise<Blob> {
  const repository = repositoryFor(place, name);
  const manifest = await getManifest(repository, digest).catch(toDamage(repository, digest));
  if (manifest === undefined) throw blobMissing({ file: nameBlob(repository, digest), digest });
  return manifest;
}

/** What a manifest or index refers to; nothing where it is not JSON. */
export function readReferences({ bytes }: Pick<Blob, "bytes">): Descriptor[] {
  try {
    const all = listReferences(JSON.parse(new TextDecoder().decode(bytes)));
    return [...new Map(all.map((one) => [one.digest, one])).values()];
  } catch {
    return []; // its digest is right, so it was stored like this
  }
}

async function listAllEntries(place: RegistryPlace): Promise<Entry[]> {
  const lists = await forEachLimited(await listNames(place), 4, (name) => listEntries(place, name));
  return lists.flat();
}

async function load(place: RegistryPlace, { name, digest, aliases }: Entry): Promise<Artifact> {
  const manifest = readManifest((await readManifestBytes(place, name, digest)).bytes, `${name}@${digest}`);
  const details = manifest.details && (await readBytes(place, name, manifest.details));
  return toArtifact({ name, digest, aliases, manifest }, details);
}

/** Newest first. Artifacts whose error has one of these codes are left out. */
async function loadAll(
  place: RegistryPlace,
  entries: readonly Entry[],
  without: readonly string[],
): Promise<Artifact[]> {
  const loaded = await forEachLimited(entries, looksAtOnce, (entry) =>
    load(place, entry).catch(async (error: unknown) => {
      const code = findSlipwayError(error)?.code;
      if (code !== undefined && without.includes(code)) return undefined;
      if (code !== blobMissing.code) throw error;
      // Removed since the tags were read: then it is not missed.
      const now = await listEntries(place, entry.name);
      if (now.some(({ digest }) => digest === entry.digest)) throw error;
      return undefined;
    }),
  );
  return toNewestFirst(loaded.filter((artifact) => artifact !== undefined));
}

async function drain(repository: Repository, wanted: Pick<Descriptor, "digest" | "size">): Promise<void> {
  try {
    for await (const piece of readBlob(repository, wanted)) void piece;
  } catch (error) {
    toDamage(repository, wanted.digest)(error);
  }
}

/** The client's errors on content as the store's. */
function toDamage(repository: Repository, digest: Digest): (error: unknown) => never {
  return (cause) => {
    const known = findSlipwayError(cause);
    const file = nameBlob(repository, digest);
    if (known?.code === notFound.code) throw blobMissing({ file, digest }, { cause });
    if (known?.code === contentMismatch.code)
      throw blobCorrupted({ file, digest, seen: String(known.details["seen"]) }, { cause });
    throw cause;
  };
}

function nameBlob(repository: Repository, digest: Digest): string {
  return `${printRepository(repository)}@${shortDigest(digest)}`;
}
