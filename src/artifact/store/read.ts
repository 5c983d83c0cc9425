/** @file Reading the layout. No lock is taken; what was removed meanwhile is looked up again. */
import type { Digest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { artifactIncomplete, blobCorrupted, blobMissing } from "../errors.ts";
import { readManifest, toArtifact } from "../manifest.ts";
import { annotations, type Blob } from "../oci.ts";
import { resolveReference } from "../resolve.ts";
import type { Artifact, PackedArtifact } from "../types.ts";
import { readBlob } from "./blobs.ts";
import { readIndex, type StorePaths } from "./folder.ts";
import { listEntries, listReferences, type Entry } from "./index-file.ts";

export async function getArtifact(paths: StorePaths, reference: string): Promise<Artifact> {
  const entry = resolveReference(reference, listEntries(await readIndex(paths)), paths.root);
  // Where it was removed meanwhile, the second look says so.
  return (await load(paths, entry)) ?? getArtifact(paths, reference);
}

export async function listArtifacts(paths: StorePaths, name: string | undefined): Promise<Artifact[]> {
  const artifacts: Artifact[] = [];
  for (const entry of listEntries(await readIndex(paths))) {
    if (name !== undefined && entry.name !== name) continue;
    const artifact = await load(paths, entry).catch(ignoreOthers);
    if (artifact !== undefined) artifacts.push(artifact);
  }
  return toNewestFirst(artifacts);
}

export async function findArtifact(paths: StorePaths, name: string, inputs: Digest): Promise<Artifact | undefined> {
  const entries = listEntries(await readIndex(paths)).filter((entry) => {
    // Entries that another tool copied in lack the note: their lineage tells.
    const noted = entry.descriptor.annotations?.[annotations.inputs];
    return entry.name === name && (noted === undefined || noted === inputs);
  });
  const found: Artifact[] = [];
  for (const entry of entries) {
    const artifact = await load(paths, entry).catch(ignoreDamage);
    if (artifact?.lineage.inputs === inputs) found.push(artifact);
  }
  for (const artifact of toNewestFirst(found)) {
    if ((await readBlob(paths.root, artifact.model).catch(ignoreDamage)) !== undefined) return artifact;
  }
  return undefined;
}

/** The manifest and all blobs of an artifact, as they are stored. */
export async function packStored(paths: StorePaths, reference: string): Promise<PackedArtifact> {
  const artifact = await getArtifact(paths, reference);
  const { name, digest, model, signature, lineage, createdAt } = artifact;
  const { descriptor } = resolveReference(`${name}@${digest}`, listEntries(await readIndex(paths)), paths.root);
  const bytes = await readBlob(paths.root, descriptor);
  const blobs: Blob[] = [];
  for (const one of listReferences(JSON.parse(new TextDecoder().decode(bytes))))
    blobs.push({ descriptor: one, bytes: await readBlob(paths.root, one) });
  const { mediaType, size } = descriptor;
  const manifest = { descriptor: { mediaType, digest, size }, bytes };
  return { artifact: { name, digest, model, signature, lineage, createdAt }, manifest, blobs };
}

/** Of the same second, the one that was stored last comes first. */
export function toNewestFirst(artifacts: readonly Artifact[]): Artifact[] {
  return artifacts
    .toReversed()
    .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}

/** Undefined where the artifact was removed, and its blobs swept, since the index was read. */
async function load(paths: StorePaths, entry: Entry, again = true): Promise<Artifact | undefined> {
  const { name, digest, aliases, descriptor } = entry;
  try {
    const manifest = readManifest(await readBlob(paths.root, descriptor), `${name}@${digest}`);
    const details = manifest.details && (await readBlob(paths.root, manifest.details));
    return toArtifact({ name, digest, aliases, manifest }, details);
  } catch (error) {
    if (!hasCode(error, blobMissing.code)) throw error;
    const now = listEntries(await readIndex(paths));
    if (!now.some((one) => one.name === name && one.digest === digest)) return undefined;
    // Removed and stored again since: a second look finds it. A blob that is lost stays so.
    if (again) return load(paths, entry, false);
    throw error;
  }
}

/** Other tools may keep anything in the same layout; `get` says what it lacks to be a model. */
function ignoreOthers(error: unknown): undefined {
  if (!hasCode(error, artifactIncomplete.code)) throw error;
}

/** A damaged artifact is as good as none to `find`: training it again mends it. `get` and `check` name the damage. */
function ignoreDamage(error: unknown): undefined {
  if (!hasCode(error, blobMissing.code) && !hasCode(error, blobCorrupted.code)) ignoreOthers(error);
}

function hasCode(error: unknown, code: string): boolean {
  return findSlipwayError(error)?.code === code;
}
