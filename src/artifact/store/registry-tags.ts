/**
 * @file What a store keeps in a registry, as names of tags. A registry lists nothing but tags, changes nothing atomically but one tag, and may not
 * delete: so every fact is a tag of its own, and a fact that is no more is a tag that points at `nothing`.
 *
 *   <prefix>/digits            champion, v3, …               aliases
 *                              slipway.m.<inputs>.<digest>   one for each artifact, so that it is kept and found without an alias
 *                              slipway.x.<digest>            removed, its blobs not yet collected
 *   <prefix>/slipway.store     history                       all alias moves, as one blob
 *                              name.<name>                   a name that the store has
 *                              claim.<kind>.<time>.<id>      a writer at work
 */
import { canonicalJson, type Digest, digestOf, hexOf } from "../../base/digest.ts";
import { emptyConfig, manifestTypes } from "../../oci/types.ts";

export const journalName = "slipway.store";
export const historyTag = "history";

export type NamedTag =
  | { kind: "artifact"; digest: Digest; inputs: string }
  | { kind: "removed"; digest: Digest }
  | { kind: "alias"; alias: string }
  /** Ours of a later version, or other tools' (signatures, the referrers' fallback). */
  | { kind: "other" };

/** Digits of the inputs' digest in a tag: enough to find by, and a tag has room for 128 characters. */
const inputDigits = 24;

/** `inputs` as `inputsOf` gives it. */
export function toArtifactTag(digest: Digest, inputs: string): string {
  return `slipway.m.${inputs}.${hexOf(digest)}`;
}

export function inputsOf(inputs: Digest | undefined): string {
  return inputs === undefined ? "0".repeat(inputDigits) : hexOf(inputs, inputDigits);
}

export function toRemovedTag(digest: Digest): string {
  return `slipway.x.${hexOf(digest)}`;
}

export function readTag(tag: string): NamedTag {
  const artifact = /^slipway\.m\.([0-9a-f]{24})\.([0-9a-f]{64})$/.exec(tag);
  if (artifact !== null) return { kind: "artifact", inputs: artifact[1] ?? "", digest: `sha256:${artifact[2] ?? ""}` };
  const removed = /^slipway\.x\.([0-9a-f]{64})$/.exec(tag);
  if (removed !== null) return { kind: "removed", digest: `sha256:${removed[1] ?? ""}` };
  return isReserved(tag) ? { kind: "other" } : { kind: "alias", alias: tag };
}

export function isReserved(tag: string): boolean {
  return tag.startsWith("slipway.") || /^sha256-[0-9a-f]{64}/.test(tag);
}

/** Whether an artifact with this tag may be of these inputs: for sure only its lineage tells. */
export function mayBeOf(inputs: Digest, inTag: string | undefined): boolean {
  return inTag === undefined || inTag === inputsOf(undefined) || inTag === inputsOf(inputs);
}

/** Names are lower-case and may have slashes, tags may not: a capital letter stands for it. */
export function toNameTag(name: string): string {
  return `name.${name.replaceAll("/", "S")}`;
}

export function readNameTag(tag: string): string | undefined {
  return tag.startsWith("name.") ? tag.slice("name.".length).replaceAll("S", "/") : undefined;
}

export interface Claim {
  tag: string;
  kind: ClaimKind;
  /** Milliseconds since the epoch, by the clock of whoever made it. */
  at: number;
}

/** Those who collect delete blobs; those who write move aliases and remove artifacts. */
export type ClaimKind = "collect" | "write";

export function toClaimTag(kind: ClaimKind, at: number, id: string): string {
  return `claim.${kind}.${at}.${id}`;
}

export function readClaimTag(tag: string): Claim | undefined {
  const match = /^claim\.(collect|write)\.(\d{1,15})\.[0-9a-z]+$/.exec(tag);
  return match === null ? undefined : { tag, kind: match[1] as ClaimKind, at: Number(match[2]) };
}

export interface Note {
  bytes: Uint8Array;
  mediaType: string;
  digest: Digest;
}

/** A manifest without content: what tags that are facts point at. */
export function toNote(artifactType: string, annotations?: Readonly<Record<string, string>>): Note {
  const bytes = new TextEncoder().encode(
    canonicalJson({
      schemaVersion: 2,
      mediaType: manifestTypes.manifest,
      artifactType,
      config: emptyConfig.descriptor,
      // The image spec asks for one layer at least; some registries hold to it.
      layers: [emptyConfig.descriptor],
      annotations,
    }),
  );
  return { bytes, mediaType: manifestTypes.manifest, digest: digestOf(bytes) };
}

/** What a tag points at that is no more, where the registry cannot delete tags. */
export const nothing = toNote("application/vnd.slipway.nothing.v1+json");
/** What tags point at that say something by their name alone. */
export const fact = toNote("application/vnd.slipway.fact.v1+json");
/** What the tag of a removed artifact points at when its blobs are gone, as long as its own tag could not be deleted. */
export const collected = toNote("application/vnd.slipway.collected.v1+json");
