/** @file The requests that an upload is made of, by the distribution spec: start, chunk, ask, finish, cancel. */
import { shortDigest, type Digest } from "../base/digest.ts";
import type { BlobSource } from "./blob-source.ts";
import { answerInvalid, sourceChanged } from "./errors.ts";
import type { Call } from "./registry.ts";
import type { Repository } from "./repository.ts";
import { discard, type Answer } from "./transport.ts";

export interface Upload {
  repository: Repository;
  digest: Digest;
  source: BlobSource;
  signal: AbortSignal | undefined;
  /** Hears how many bytes have gone. */
  tell: (done: number) => void;
}

/** An open upload: where its next part goes, and the size of chunk that the registry wants at least. */
export interface Session {
  url: URL;
  leastBytes: number;
}

/** What chunks are for, as it stands in errors on them. */
export const chunkOperation = "upload a chunk to";

/** With `from`, the registry may take the blob from that repository instead. */
export async function startUpload(upload: Upload, from?: string): Promise<Session | "mounted"> {
  const { repository, digest } = upload;
  const operation = `start the upload of ${shortDigest(digest)} to`;
  const query = from === undefined ? "" : `?${new URLSearchParams({ mount: digest, from }).toString()}`;
  const answer = await send(upload, {
    operation,
    method: "POST",
    target: `${repository.name}/blobs/uploads/${query}`,
    ...(from !== undefined && { alsoPull: [from] }),
    // Some registries answer 201 to any POST for a blob that they have.
    expect: [201, 202],
  });
  if (answer.status === 201) return "mounted";
  const least = Number(answer.headers["oci-chunk-min-length"] ?? 0);
  return { url: readLocation(upload, answer, operation), leastBytes: Number.isSafeInteger(least) ? least : 0 };
}

/** Sends the bytes from `start` to, not including, `end`. Gives where the next ones go. */
export async function sendChunk(upload: Upload, url: URL, start: number, end: number): Promise<URL> {
  const answer = await send(upload, {
    operation: chunkOperation,
    method: "PATCH",
    target: url,
    headers: describePart(start, end),
    body: () => readPart(upload, start, end),
    expect: [202, 201, 204],
    repeatable: false,
  });
  const kept = readRangeEnd(answer);
  if (kept === undefined || kept === end) return readLocation(upload, answer, chunkOperation);
  throw toInvalid(upload, answer, chunkOperation, `it kept ${kept} bytes of ${end}`, true);
}

/** Sends what is left, all of a small blob, and has the registry check the digest. */
export async function finishUpload(upload: Upload, location: URL, start: number): Promise<void> {
  const { digest, source } = upload;
  const url = new URL(location);
  // Appended as text: what the registry signed in the address must stay as it was written.
  url.search += `${url.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`;
  const hasRest = start < source.size;
  await send(upload, {
    operation: `upload ${shortDigest(digest)} to`,
    method: "PUT",
    target: url,
    ...(hasRest && {
      // By the spec a range belongs to chunks only: a blob that goes whole has none.
      headers: describePart(start, source.size, { withRange: start > 0 }),
      body: () => readPart(upload, start, source.size),
    }),
    expect: [201, 204],
    repeatable: false,
  });
}

/** How many bytes have come; undefined where the registry forgot the upload, or does not say. Brings the session up to date. */
export async function askUpload(upload: Upload, session: Session): Promise<number | undefined> {
  const operation = `resume the upload of ${shortDigest(upload.digest)} to`;
  const answer = await send(upload, {
    operation,
    method: "GET",
    target: session.url,
    // distribution's registry answers 416 where part of a chunk has come: its upload cannot go on.
    expect: [204, 202, 200, 400, 404, 405, 416],
  });
  const kept = answer.status < 300 ? readRangeEnd(answer) : undefined;
  if (kept === undefined || kept > upload.source.size) return undefined;
  if (answer.headers.location !== undefined) session.url = readLocation(upload, answer, operation);
  return kept;
}

/** Registries drop uploads that nobody ends, days later; and some do not know how to cancel one. */
export async function cancelUpload(upload: Upload, { url }: Session): Promise<void> {
  await send(upload, {
    operation: `cancel an upload of ${shortDigest(upload.digest)} to`,
    method: "DELETE",
    target: url,
    expect: [200, 202, 204, 400, 401, 403, 404, 405],
  });
}

/** No answer of an upload has a body that matters. */
async function send(
  { repository, signal }: Upload,
  call: Omit<Call, "actions" | "repository" | "signal">,
): Promise<Answer> {
  const { registry, name } = repository;
  const answer = await registry.send({ ...call, repository: name, actions: ["pull", "push"], signal });
  await discard(answer);
  return answer;
}

function describePart(start: number, end: number, { withRange = true } = {}): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(end - start),
    ...(withRange && { "content-range": `${start}-${end - 1}` }),
  };
}

async function* readPart({ source, tell }: Upload, start: number, end: number): AsyncIterable<Uint8Array> {
  let at = start;
  for await (const piece of source.read(start, end)) {
    yield piece;
    at += piece.byteLength;
    tell(Math.min(at, end));
  }
  // Thrown into the request, which ends it: a registry would wait for the missing bytes for ever.
  if (at !== end) throw sourceChanged({ what: source.name, wanted: end - start, seen: at - start });
}

/** `Range: 0-41` says that 42 bytes have come. `0-0` may mean none or one: nobody sends a chunk of one byte, so it is none. */
function readRangeEnd({ headers }: Answer): number | undefined {
  const match = /^(?:bytes=)?0-(\d+)$/.exec(headers.range ?? "");
  if (match === null) return undefined;
  const last = Number(match[1]);
  return last === 0 ? 0 : last + 1;
}

function readLocation(upload: Upload, answer: Answer, operation: string): URL {
  const { location } = answer.headers;
  const url = location === undefined ? undefined : upload.repository.registry.locate(location, answer.url);
  if (url !== undefined) return url;
  const why = location === undefined ? "its answer has no Location" : "the Location in its answer is no address";
  throw toInvalid(upload, answer, operation, why, false);
}

function toInvalid(upload: Upload, answer: Answer, operation: string, why: string, retryable: boolean): Error {
  const { registry, name } = upload.repository;
  const { status } = answer;
  return answerInvalid({ registry: registry.host, repository: name, operation, status, retryable, why });
}
