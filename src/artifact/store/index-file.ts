/** @file `index.json` of an OCI layout as a value: pure functions from one index to the next. */
import type { Digest } from "../../base/digest.ts";
import { findSlipwayError, messageOf } from "../../base/errors.ts";
import { storeBroken } from "../errors.ts";
import { isDescriptor } from "../manifest.ts";
import { annotations, mediaTypes, type Descriptor } from "../oci.ts";
import { parseReference, type Reference } from "../reference.ts";
import type { Known } from "../resolve.ts";

export interface Index {
  schemaVersion: 2;
  mediaType: string;
  manifests: readonly Descriptor[];
  annotations?: Readonly<Record<string, string>>;
}

/** An artifact as the index knows it. */
export interface Entry extends Known {
  descriptor: Descriptor;
}

export const emptyIndex: Index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };

/** Throws `storeBroken`. */
export function parseIndex(text: string, file: string): Index {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw storeBroken({ file, why: `it is not JSON (${messageOf(cause)})` }, { cause });
  }
  const { manifests } = (value ?? {}) as Partial<Index>;
  if (!Array.isArray(manifests))
    throw storeBroken({ file, why: "it has no list of manifests, so it is no OCI image index" });
  const wrong = manifests.findIndex((manifest) => !isDescriptor(manifest));
  if (wrong >= 0)
    throw storeBroken({ file, why: `manifests[${wrong}] is not {mediaType, digest, size} with a sha256 digest` });
  return { ...(value as Index), schemaVersion: 2, mediaType: mediaTypes.index };
}

/** Indented: people look into it, and it is small. */
export function printIndex(index: Index): string {
  return `${JSON.stringify(index, undefined, 2)}\n`;
}

/** Artifacts in the order they came. Entries whose name is no model reference (other tools may write any) are left out. */
export function listEntries(index: Index): Entry[] {
  const entries = new Map<string, Entry & { aliases: string[] }>();
  for (const descriptor of index.manifests) {
    const named = readRefName(descriptor);
    if (named === undefined) continue;
    const { digest } = descriptor;
    const key = `${named.name}@${digest}`;
    const entry = entries.get(key) ?? { name: named.name, digest, aliases: [], descriptor };
    if (named.alias !== undefined) entry.aliases.push(named.alias);
    entries.set(key, entry);
  }
  return [...entries.values()];
}

/** Every artifact has one entry `name@digest`, beside one for each alias: so it stays when its last alias goes. */
export function addArtifact(index: Index, name: string, descriptor: Descriptor): Index {
  const own = `${name}@${descriptor.digest}`;
  if (index.manifests.some((manifest) => refNameOf(manifest) === own)) return index;
  return { ...index, manifests: [...index.manifests, nameDescriptor(descriptor, own)] };
}

export function withoutArtifact(index: Index, name: string, digest: Digest): Index {
  return {
    ...index,
    manifests: index.manifests.filter((one) => one.digest !== digest || readRefName(one)?.name !== name),
  };
}

export function findAlias(index: Index, name: string, alias: string): Digest | undefined {
  return index.manifests.findLast((one) => isAliasEntry(one, name, alias))?.digest;
}

/** Without `to`, the alias goes. The artifact must have an entry. */
export function moveAlias(index: Index, name: string, alias: string, to: Digest | undefined): Index {
  const rest = index.manifests.filter((one) => !isAliasEntry(one, name, alias));
  const target = to && index.manifests.find((one) => one.digest === to && readRefName(one)?.name === name);
  if (!target) return { ...index, manifests: rest };
  // An artifact that another tool stored under this alias alone gets its own entry before the alias may leave it.
  const kept = addArtifact({ ...index, manifests: rest }, name, target);
  return { ...kept, manifests: [...kept.manifests, nameDescriptor(target, `${name}:${alias}`)] };
}

function isAliasEntry(descriptor: Descriptor, name: string, alias: string): boolean {
  const named = readRefName(descriptor);
  return named?.name === name && named.alias === alias;
}

function nameDescriptor(descriptor: Descriptor, refName: string): Descriptor {
  return { ...descriptor, annotations: { ...descriptor.annotations, [annotations.refName]: refName } };
}

function refNameOf({ annotations: own }: Descriptor): string | undefined {
  return own?.[annotations.refName];
}

function readRefName(descriptor: Descriptor): { name: string; alias?: string } | undefined {
  const text = refNameOf(descriptor);
  const reference = text === undefined ? undefined : tryParse(text);
  if (text === undefined || reference?.name === undefined || reference.kind === "prefix") return undefined;
  if (reference.kind === "digest") return reference.digest === descriptor.digest ? { name: reference.name } : undefined;
  // A bare name comes from another tool: what it stored is its latest, and nobody's champion.
  return { name: reference.name, alias: text.includes(":") ? reference.alias : "latest" };
}

function tryParse(text: string): (Reference & { name?: string }) | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    // Another tool's name for something else: not ours to judge.
    if (findSlipwayError(error) === undefined) throw error;
    return undefined;
  }
}

/** Digests that a manifest or index in the store refers to, for the sweep: whatever its kind. */
export function listReferences(manifest: unknown): Descriptor[] {
  const { config, layers, manifests, blobs } = (manifest ?? {}) as Record<string, unknown>;
  return [config, ...toList(layers), ...toList(manifests), ...toList(blobs)].filter(isDescriptor);
}

export function isManifest({ mediaType }: Descriptor): boolean {
  const { manifest, index, dockerManifest, dockerIndex } = mediaTypes;
  return [manifest, index, dockerManifest, dockerIndex].some((known) => known === mediaType);
}

function toList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
