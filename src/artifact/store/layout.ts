/**
 * @file The store on disk: an OCI image layout that crane, skopeo and oras read as it is.
 *
 *   oci-layout, index.json, blobs/sha256/…   the layout; its entries are named `digits@sha256:…` (one for each artifact) and
 *                                            `digits:champion` (one for each alias), so that many models share one layout
 *   history.jsonl                            alias moves
 *   lock.db, scratch/                        the writers' lock, and files that are being written
 *
 * Blobs are written before the index names them, the index is replaced as a whole under the lock, and every step is synced:
 * a process may end anywhere. Readers take no lock; they see the index as before or as after a change.
 */
import { join } from "node:path";
import type { Digest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { aliasMoved, artifactIncomplete, artifactInUse, blobCorrupted, blobMissing } from "../errors.ts";
import { packArtifact, readManifest, toArtifact, type Package } from "../manifest.ts";
import { annotations, mediaTypes, type Descriptor } from "../oci.ts";
import { parseReference } from "../reference.ts";
import { resolveReference } from "../resolve.ts";
import type { Artifact, Store } from "../types.ts";
import { hasBlob, putBlob, readBlob, sweepBlobs } from "./blobs.ts";
import { removeAbandoned } from "./files.ts";
import { changeIndex, prepareFolder, readIndex, toPaths, type StorePaths } from "./folder.ts";
import { noteMoves, readHistory } from "./history.ts";
import { addArtifact, findAlias, listEntries, moveAlias, removeArtifact, type Entry } from "./index-file.ts";
import { findDamage, listReachable } from "./reach.ts";

/** Where the store of a project lies. */
export function storeFolder(projectRoot: string): string {
  return join(projectRoot, ".slipway", "store");
}

/** Opens a folder as a store. A folder that is not there is an empty store: the first write makes it. Throws `storeBroken`. */
export async function openStore(folder: string): Promise<Store> {
  const paths = toPaths(folder);
  await readIndex(paths);

  return {
    location: folder,
    put: async (content) => put(paths, packArtifact(content)),
    get: (reference) => get(paths, reference),
    find: (name, inputs) => find(paths, name, inputs),
    list: (name) => list(paths, name),
    readModel: ({ model }) => readBlob(folder, model),
    history: async (name) =>
      (await readHistory(paths.history, await readIndex(paths))).filter((move) => move.name === name),
    check: async () => findDamage(folder, await readIndex(paths)),

    async setAlias(name, alias, digest, options = {}) {
      parseReference(`${name}:${alias}`);
      await changeIndex(paths, (index, last) => {
        resolveReference(`${name}@${digest}`, listEntries(index), folder);
        const found = findAlias(index, name, alias);
        if (found === digest) return index;
        if ("expect" in options && options.expect !== found)
          throw aliasMoved({ name, alias, expected: options.expect, found });
        return noteMoves(moveAlias(index, name, alias, digest), last, [
          { name, alias, ...(found && { from: found }), to: digest },
        ]);
      });
    },

    async removeAlias(name, alias) {
      await changeIndex(paths, (index, last) => {
        const { digest } = resolveReference(`${name}:${alias}`, listEntries(index), folder);
        return noteMoves(moveAlias(index, name, alias, undefined), last, [{ name, alias, from: digest }]);
      });
    },

    async remove(reference, { force = false } = {}) {
      let removed: Entry | undefined;
      await changeIndex(paths, (index, last) => {
        removed = resolveReference(reference, listEntries(index), folder);
        const { name, digest, aliases } = removed;
        if (aliases.length > 0 && !force) throw artifactInUse({ reference: `${name}@${digest}`, aliases });
        const rest = removeArtifact(index, name, digest);
        return aliases.length === 0
          ? rest
          : noteMoves(
              rest,
              last,
              aliases.map((alias) => ({ name, alias, from: digest })),
            );
      });
      const { name, digest, aliases } = removed!;
      return { name, digest, aliases };
    },

    async collect() {
      let swept = { blobs: 0, bytes: 0 };
      await changeIndex(paths, async (index) => {
        swept = await sweepBlobs(folder, new Set((await listReachable(folder, index)).keys()));
        await removeAbandoned(paths.scratch);
        return index;
      });
      return swept;
    },
  };
}

async function put(paths: StorePaths, { artifact, manifest, blobs }: Package): Promise<Artifact> {
  await prepareFolder(paths);
  const all = [...blobs, manifest];
  for (const blob of all) await putBlob(paths, blob);
  const descriptor = toEntry(manifest.descriptor, artifact);
  const index = await changeIndex(paths, async (before) => {
    // A sweep may have removed them since they were written; under the lock none can.
    for (const blob of all) if (!(await hasBlob(paths.root, blob.descriptor))) await putBlob(paths, blob);
    return addArtifact(before, artifact.name, descriptor);
  });
  const entry = listEntries(index).find(({ name, digest }) => name === artifact.name && digest === artifact.digest);
  return { ...artifact, aliases: (entry?.aliases ?? []).toSorted() };
}

async function get(paths: StorePaths, reference: string): Promise<Artifact> {
  const entry = resolveReference(reference, listEntries(await readIndex(paths)), paths.root);
  // Where it was removed meanwhile, the second look says so.
  return (await load(paths, entry)) ?? get(paths, reference);
}

async function list(paths: StorePaths, name: string | undefined): Promise<Artifact[]> {
  const artifacts: Artifact[] = [];
  for (const entry of listEntries(await readIndex(paths))) {
    if (name !== undefined && entry.name !== name) continue;
    const artifact = await load(paths, entry).catch(ignoreOthers);
    if (artifact !== undefined) artifacts.push(artifact);
  }
  return toNewestFirst(artifacts);
}

async function find(paths: StorePaths, name: string, inputs: Digest): Promise<Artifact | undefined> {
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

/** Of the same second, the one that was stored last comes first. */
function toNewestFirst(artifacts: readonly Artifact[]): Artifact[] {
  return artifacts
    .toReversed()
    .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}

/** Undefined where the artifact was removed, and its blobs swept, since the index was read. */
async function load(paths: StorePaths, entry: Entry): Promise<Artifact | undefined> {
  const { name, digest, aliases, descriptor } = entry;
  try {
    const manifest = readManifest(await readBlob(paths.root, descriptor), `${name}@${digest}`);
    const details = manifest.details && (await readBlob(paths.root, manifest.details));
    return toArtifact({ name, digest, aliases, manifest }, details);
  } catch (error) {
    if (!hasCode(error, blobMissing.code)) throw error;
    const now = listEntries(await readIndex(paths));
    if (now.some((one) => one.name === name && one.digest === digest)) throw error;
    return undefined;
  }
}

/** What the index says of a model, so that it is found without reading every manifest. */
function toEntry(descriptor: Descriptor, { createdAt, lineage }: Package["artifact"]): Descriptor {
  return {
    ...descriptor,
    artifactType: mediaTypes.model,
    annotations: { [annotations.created]: createdAt, [annotations.inputs]: lineage.inputs },
  };
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
