import { digestOf, isDigest, shortDigest, type Digest } from "../base/digest.ts";
import { isTag } from "./reference.ts";
import { answerInvalid, contentMismatch, contentTooLarge, notRegistry, referenceInvalid } from "./errors.ts";
import { printRepository, type Repository } from "./repository.ts";
import type { Call } from "./registry.ts";
import { sendDelete } from "./delete.ts";
import { discard, type Answer } from "./transport.ts";
import { manifestTypes, type Descriptor } from "./types.ts";

export interface Manifest {
  descriptor: Descriptor;
  /** Exactly as stored: the digest is of these. */
  bytes: Uint8Array;
}

export interface ManifestOptions {
  /** Media types that the caller can read. Default: OCI and docker, manifests and indexes. */
  accept?: readonly string[];
  signal?: AbortSignal | undefined;
}

/** The spec asks registries to take at least 4 MiB. */
const mostBytes = 8 << 20;
const everyType = Object.values(manifestTypes);

/** `reference` is a tag or a digest. Undefined where there is none. Its bytes are checked against the digest. Throws `contentMismatch`, `contentTooLarge`. */
export async function getManifest(
  repository: Repository,
  reference: string,
  { accept = everyType, signal }: ManifestOptions = {},
): Promise<Manifest | undefined> {
  const operation = `read manifest ${show(reference)} of`;
  const answer = await read(repository, "GET", reference, operation, accept, signal);
  if (answer.status === 404) return undefined;
  const what = `manifest ${show(reference)} of ${printRepository(repository)}`;
  const { bytes } = answer;
  if (bytes === undefined) throw contentTooLarge({ what, limit: mostBytes });
  const digest = digestOf(bytes);
  const named = isDigest(reference) ? reference : headerDigest(answer);
  if (named !== undefined && named !== digest)
    throw contentMismatch({ what, wanted: shortDigest(named), seen: shortDigest(digest), retryable: false });
  return { descriptor: { mediaType: readType(answer, bytes), digest, size: bytes.byteLength }, bytes };
}

/** What a tag or digest points at, without its bytes. Undefined where there is none. */
export async function headManifest(
  repository: Repository,
  reference: string,
  options: ManifestOptions = {},
): Promise<Descriptor | undefined> {
  const { accept = everyType, signal } = options;
  const answer = await read(repository, "HEAD", reference, `look for manifest ${show(reference)} in`, accept, signal);
  if (answer.status === 404) return undefined;
  const digest = isDigest(reference) ? reference : headerDigest(answer);
  const size = Number(answer.headers["content-length"] ?? Number.NaN);
  const mediaType = answer.headers["content-type"];
  if (digest !== undefined && Number.isSafeInteger(size) && mediaType !== undefined)
    return { digest, size, mediaType: mediaType.split(";")[0] ?? mediaType };
  // The header is optional by the spec: then the manifest itself tells.
  return (await getManifest(repository, reference, options))?.descriptor;
}

/** Stores a manifest under a tag or its digest. Repeating is safe. `subjectKnown`: the registry lists it among its subject's referrers by itself. */
export async function putManifest(
  { registry, name }: Repository,
  reference: string,
  { bytes, mediaType }: { bytes: Uint8Array; mediaType: string },
  { signal }: Pick<ManifestOptions, "signal"> = {},
): Promise<{ digest: Digest; subjectKnown: boolean }> {
  const operation = `push manifest ${show(reference)} to`;
  const answer = await registry.send({
    operation,
    method: "PUT",
    target: toPath(name, reference),
    repository: name,
    actions: ["pull", "push"],
    headers: { "content-type": mediaType },
    body: bytes,
    expect: [201, 200, 202],
    signal,
  });
  await discard(answer);
  const digest = digestOf(bytes);
  const stored = headerDigest(answer);
  if (stored !== undefined && stored !== digest) {
    const why = `it stored ${shortDigest(stored)} instead of ${shortDigest(digest)}`;
    throw answerInvalid({ registry: registry.host, repository: name, operation, retryable: false, why });
  }
  return { digest, subjectKnown: answer.headers["oci-subject"] !== undefined };
}

/** Deletes a manifest by its digest, or a tag. False where it was not there. Throws `unsupported` where the registry does not do that. */
export async function deleteManifest(
  repository: Repository,
  reference: string,
  { signal }: Pick<ManifestOptions, "signal"> = {},
): Promise<boolean> {
  return sendDelete(repository, `delete manifest ${show(reference)} of`, toPath(repository.name, reference), signal);
}

async function read(
  { registry, name }: Repository,
  method: "GET" | "HEAD",
  reference: string,
  operation: string,
  accept: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Answer & { bytes: Uint8Array | undefined }> {
  const call: Call = {
    operation,
    method,
    target: toPath(name, reference),
    repository: name,
    actions: ["pull"],
    headers: { accept: accept.join(", ") },
    expect: [200, 404],
    signal,
  };
  const answer = await registry.read(call, mostBytes);
  const { status, headers } = answer;
  if (!/text\/html/i.test(headers["content-type"] ?? "")) return answer;
  throw notRegistry({ registry: registry.host, repository: name, operation, status, retryable: false });
}

/** A tag comes from people and from other files: nothing else may get into an address. */
function toPath(name: string, reference: string): string {
  if (!isTag(reference) && !isDigest(reference))
    throw referenceInvalid({ reference, why: "it is neither a tag nor a digest" });
  return `${name}/manifests/${reference}`;
}

function headerDigest({ headers }: Answer): Digest | undefined {
  const value = headers["docker-content-digest"];
  return typeof value === "string" && isDigest(value) ? value : undefined;
}

/** Some registries answer with a general type; the manifest itself says which it is. */
function readType({ headers }: Answer, bytes: Uint8Array): string {
  const said = (headers["content-type"] ?? "").split(";")[0] ?? "";
  if (everyType.some((type) => type === said)) return said;
  try {
    const { mediaType } = JSON.parse(new TextDecoder().decode(bytes)) as { mediaType?: unknown };
    return typeof mediaType === "string" ? mediaType : said;
  } catch {
    return said; // no JSON: whoever reads the manifest says what is wrong with it
  }
}

function show(reference: string): string {
  return isDigest(reference) ? shortDigest(reference) : reference;
}
