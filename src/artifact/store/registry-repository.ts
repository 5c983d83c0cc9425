/** @file The repositories of a store in a registry, and the few things that are done to any of them. */
import type { Digest } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import type { Report } from "../../base/progress.ts";
import { fromBytes } from "../../oci/blob-source.ts";
import { refused, unsupported } from "../../oci/errors.ts";
import { deleteManifest, putManifest } from "../../oci/manifests.ts";
import { pushBlob } from "../../oci/push-blob.ts";
import type { Registry } from "../../oci/registry.ts";
import { repositoryOf, type Repository } from "../../oci/repository.ts";
import { emptyConfig } from "../../oci/types.ts";
import { journalName, nothing, type Note } from "./registry-tags.ts";

export interface RegistryPlace {
  /** For people, and the key under which writers of one process wait for each other: `localhost:5001/models`. */
  location: string;
  registry: Registry;
  /** What the repositories' names begin with, possibly empty. */
  path: string;
  /** Repositories that have the empty config already, as far as this handle knows. */
  prepared: Set<string>;
  report: Report;
}

type Options = { signal?: AbortSignal | undefined };

export function repositoryFor({ registry, path }: RegistryPlace, name: string): Repository {
  return repositoryOf(registry, path === "" ? name : `${path}/${name}`);
}

export function journalOf(place: RegistryPlace): Repository {
  return repositoryFor(place, journalName);
}

/** Points a tag at a manifest without content. */
export async function putNote(
  place: RegistryPlace,
  repository: Repository,
  tag: string,
  note: Note,
  options: Options = {},
): Promise<void> {
  if (!place.prepared.has(repository.name)) {
    await pushBlob(repository, emptyConfig.descriptor.digest, fromBytes(emptyConfig.bytes), options);
    place.prepared.add(repository.name);
  }
  await putManifest(repository, tag, note, options);
}

/**
 * Takes a tag away; where the registry cannot delete tags, it points at nothing from now on. With `only`, the tag is the only one of a manifest
 * with that digest, so that deleting this does as well.
 */
export async function dropTag(
  place: RegistryPlace,
  repository: Repository,
  tag: string,
  { only, ...options }: Options & { only?: Digest } = {},
): Promise<void> {
  const isGone = await tryDelete(repository, tag, options);
  // The manifest goes too, or it would stay without a tag.
  if (only !== undefined && (await tryDelete(repository, only, options))) return;
  if (isGone) return;
  await putNote(place, repository, tag, nothing, options);
}

/** Deletes a tag or a manifest. False where the registry does not do that. */
export async function tryDelete(repository: Repository, reference: string, options: Options = {}): Promise<boolean> {
  try {
    await deleteManifest(repository, reference, options);
    return true;
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    return false;
  }
}

/** The spec says 405 or 400 for a deletion that a registry does not do. */
export function isUnsupported(error: unknown): boolean {
  const known = findSlipwayError(error);
  return known?.code === unsupported.code || (known?.code === refused.code && known.details["status"] === 400);
}
