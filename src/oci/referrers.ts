/** @file What refers to a manifest (signatures, attestations): the referrers API, or the tag `sha256-<hex>` where a registry lacks it. */
import { isDigest, type Digest } from "../base/digest.ts";
import { getManifest, putManifest } from "./manifests.ts";
import type { Repository } from "./repository.ts";
import { readPages } from "./tags.ts";
import { manifestTypes, type Descriptor } from "./types.ts";

export interface ReferrersOptions {
  artifactType?: string;
  signal?: AbortSignal | undefined;
}

/** Descriptors of what refers to `digest`, whether or not `digest` is there. */
export async function listReferrers(
  repository: Repository,
  digest: Digest,
  { artifactType, signal }: ReferrersOptions = {},
): Promise<Descriptor[]> {
  const query = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType }).toString()}`;
  const pages = await readPages(repository, {
    operation: "list the referrers in",
    target: `${repository.name}/referrers/${digest}${query}`,
    repository: repository.name,
    actions: ["pull"],
    signal,
  });
  const indexes = pages.length > 0 ? pages.map(({ value }) => value) : [await readFallback(repository, digest, signal)];
  const all = indexes.flatMap(readDescriptors);
  // A registry need not filter: what it gives is filtered here once more.
  return artifactType === undefined ? all : all.filter((one) => one.artifactType === artifactType);
}

/**
 * Pushes a manifest that has a `subject`. Where the registry does not list referrers by itself, the fallback tag is brought up to date: that is a
 * read and a write, so two who do it at the same time may lose one entry (the spec has no better way).
 */
export async function putReferrer(
  repository: Repository,
  manifest: { bytes: Uint8Array; descriptor: Descriptor; subject: Digest },
  { signal }: Pick<ReferrersOptions, "signal"> = {},
): Promise<void> {
  const { descriptor, bytes, subject } = manifest;
  const { mediaType, digest } = descriptor;
  const { subjectKnown } = await putManifest(repository, digest, { bytes, mediaType }, { signal });
  if (subjectKnown) return;
  const known = readDescriptors(await readFallback(repository, subject, signal));
  if (known.some((one) => one.digest === digest)) return;
  const index = { schemaVersion: 2, mediaType: manifestTypes.index, manifests: [...known, descriptor] };
  const text = new TextEncoder().encode(JSON.stringify(index));
  await putManifest(repository, toTag(subject), { bytes: text, mediaType: manifestTypes.index }, { signal });
}

/** The tag of the fallback: `sha256-<hex>`. */
function toTag(digest: Digest): string {
  return digest.replace(":", "-");
}

async function readFallback(repository: Repository, digest: Digest, signal: AbortSignal | undefined): Promise<unknown> {
  const found = await getManifest(repository, toTag(digest), { accept: [manifestTypes.index], signal });
  if (found === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(found.bytes));
  } catch {
    return undefined; // the tag is used for something else
  }
}

function readDescriptors(index: unknown): Descriptor[] {
  const { manifests } = (index ?? {}) as { manifests?: unknown };
  return (Array.isArray(manifests) ? manifests : []).filter((one): one is Descriptor => {
    const { digest, mediaType } = (one ?? {}) as Partial<Descriptor>;
    return typeof digest === "string" && isDigest(digest) && typeof mediaType === "string";
  });
}
