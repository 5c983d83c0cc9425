/** @file Pushing a blob: not at all where it is there, by mounting where another repository has it, else as one upload or in chunks that can be resumed. */
import type { Digest } from "../base/digest.ts";
import { shortDigest } from "../base/digest.ts";
import { findSlipwayError } from "../base/errors.ts";
import { silent, type Report } from "../base/progress.ts";
import type { BlobSource } from "./blob-source.ts";
import { answerInvalid, denied, notFound, sourceChanged, unauthorized } from "./errors.ts";
import { hasBlob } from "./read-blob.ts";
import type { Repository } from "./repository.ts";
import { waitOrThrow } from "./retry.ts";
import { shareTransfer } from "./transfer.ts";
import { discard, type Answer } from "./transport.ts";

export interface PushOptions {
  /** Repositories of the same registry that may have the blob. */
  mountFrom?: readonly string[];
  /** Size of one chunk in bytes; blobs up to this size go in one request. Default: 16 MiB. */
  chunkBytes?: number;
  /** Leaves the look whether it is there already out. */
  skipCheck?: boolean;
  report?: Report;
  /** What people call it in the progress: `model.onnx`. */
  label?: string;
  signal?: AbortSignal | undefined;
}

export type Pushed = "existed" | "mounted" | "uploaded";

/**
 * When it returns, the registry has the blob and has checked its digest. Pushes of the same blob at the same time are one.
 * Cut connections are resumed where the registry kept what had come, else begun anew. Throws the errors of errors.ts.
 */
export async function pushBlob(
  repository: Repository,
  digest: Digest,
  source: BlobSource,
  options: PushOptions = {},
): Promise<Pushed> {
  return shareTransfer(repository, digest, options.signal, async () => {
    const { report = silent, label = shortDigest(digest), signal } = options;
    const tell = (done: number) => report({ step: "push", label, done, total: source.size });
    if (options.skipCheck !== true && (await hasBlob(repository, digest, { signal }))) {
      tell(source.size);
      return "existed";
    }
    const upload: Upload = { repository, digest, source, options, tell };
    const started = await mount(upload);
    if (started === "mounted") {
      tell(source.size);
      return "mounted";
    }
    await uploadWhole(upload, started);
    return "uploaded";
  });
}

interface Upload {
  repository: Repository;
  digest: Digest;
  source: BlobSource;
  options: PushOptions;
  tell: (done: number) => void;
}

/** An open upload: where its next part goes, and the size of chunk that the registry wants at least. */
interface Session {
  url: URL;
  leastBytes: number;
}

/** Tries the repositories in turn. Where a mount is not possible an upload is open instead, by the spec: one is used, others are cancelled. */
async function mount(upload: Upload): Promise<Session | "mounted" | undefined> {
  const { repository, digest, options } = upload;
  let open: Session | undefined;
  for (const from of options.mountFrom ?? []) {
    if (from === repository.name) continue;
    const query = new URLSearchParams({ mount: digest, from });
    const session = await startUpload(upload, `?${query.toString()}`, from).catch(ignoreRefusal);
    if (session === undefined) continue;
    if (open !== undefined) await cancel(upload, open);
    if (session === "mounted") return "mounted";
    open = session;
  }
  return open;
}

/** Registries drop uploads that nobody ends, days later; and some do not know how to cancel one. */
async function cancel({ repository, digest, options }: Upload, { url }: Session): Promise<void> {
  const answer = await repository.registry.send({
    operation: `cancel an upload of ${shortDigest(digest)} to`,
    method: "DELETE",
    target: url,
    repository: repository.name,
    actions: ["pull", "push"],
    expect: [200, 202, 204, 400, 401, 403, 404, 405],
    signal: options.signal,
  });
  await discard(answer);
}

/** Where the other repository may not be read, or is not there, the blob is simply uploaded. */
function ignoreRefusal(error: unknown): undefined {
  const known = [denied.code, unauthorized.code, notFound.code];
  if (!known.includes(findSlipwayError(error)?.code ?? "")) throw error;
}

async function startUpload(
  { repository, digest, options }: Upload,
  query = "",
  from?: string,
): Promise<Session | "mounted"> {
  const operation = `start the upload of ${shortDigest(digest)} to`;
  const answer = await repository.registry.send({
    operation,
    method: "POST",
    target: `${repository.name}/blobs/uploads/${query}`,
    repository: repository.name,
    actions: ["pull", "push"],
    ...(from !== undefined && { alsoPull: [from] }),
    // Some registries answer 201 to any POST for a blob that they have.
    expect: [201, 202],
    signal: options.signal,
  });
  await discard(answer);
  if (answer.status === 201) return "mounted";
  const least = Number(answer.headers["oci-chunk-min-length"] ?? 0);
  return { url: readLocation(repository, answer, operation), leastBytes: Number.isSafeInteger(least) ? least : 0 };
}

/** Counts tries without progress only: each byte more that the registry kept begins a new count. */
async function uploadWhole(upload: Upload, started: Session | undefined): Promise<void> {
  const { repository, digest, source, options } = upload;
  const state: Progress = { session: started, offset: 0, isWhole: source.size <= (options.chunkBytes ?? usualChunk) };
  for (let attempt = 1, best = 0; ; attempt++) {
    options.signal?.throwIfAborted();
    if (state.session === undefined) {
      const session = await startUpload(upload);
      if (session === "mounted") break;
      Object.assign(state, { session, offset: 0 });
    }
    try {
      await proceed(upload, state as Progress & { session: Session });
      break;
    } catch (error) {
      if (!state.isWhole && isChunkRefused(error)) {
        Object.assign(state, { session: undefined, offset: 0, isWhole: true } satisfies Progress);
        continue;
      }
      if (state.offset > best) [attempt, best] = [1, state.offset];
      await waitOrThrow(error, repository.registry.retry, attempt, options.signal);
      // The last part may have come whole, and only its answer been lost.
      if (await hasBlob(repository, digest, { signal: options.signal })) break;
      await resume(upload, state);
    }
  }
  upload.tell(source.size);
}

interface Progress {
  session: Session | undefined;
  /** Bytes that the registry has. */
  offset: number;
  /** Goes in one request: it is small, or the registry takes no chunks. */
  isWhole: boolean;
}

const usualChunk = 16 << 20;

/** Not every registry takes several chunks, and each says so in its own way; all take one request. */
function isChunkRefused(error: unknown): boolean {
  const { status, operation } = findSlipwayError(error)?.details ?? {};
  return operation === chunkOperation && [400, 404, 405, 411, 416, 501].includes(Number(status));
}

const chunkOperation = "upload a chunk to";

async function proceed(upload: Upload, state: Progress & { session: Session }): Promise<void> {
  const { source, options } = upload;
  const { session } = state;
  const chunk = Math.max(options.chunkBytes ?? usualChunk, session.leastBytes, 1);
  while (!state.isWhole && state.offset < source.size) {
    const end = Math.min(source.size, state.offset + chunk);
    session.url = await sendChunk(upload, session.url, state.offset, end);
    state.offset = end;
  }
  await finish(upload, session.url, state.offset);
}

async function sendChunk(upload: Upload, url: URL, start: number, end: number): Promise<URL> {
  const { repository, options } = upload;
  const operation = chunkOperation;
  const answer = await repository.registry.send({
    operation,
    method: "PATCH",
    target: url,
    repository: repository.name,
    actions: ["pull", "push"],
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(end - start),
      "content-range": `${start}-${end - 1}`,
    },
    body: () => readPart(upload, start, end),
    expect: [202, 201, 204],
    repeatable: false,
    signal: options.signal,
  });
  await discard(answer);
  const kept = readRangeEnd(answer);
  if (kept !== undefined && kept !== end) throw answerWrong(upload, operation, `it kept ${kept} bytes of ${end}`, true);
  return readLocation(repository, answer, operation);
}

/** Sends what is left, all of a small blob, and has the registry check the digest. */
async function finish(upload: Upload, location: URL, start: number): Promise<void> {
  const { repository, digest, source, options } = upload;
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  const left = source.size - start;
  const answer = await repository.registry.send({
    operation: `upload ${shortDigest(digest)} to`,
    method: "PUT",
    target: url,
    repository: repository.name,
    actions: ["pull", "push"],
    headers: { "content-type": "application/octet-stream", "content-length": String(left) },
    ...(left > 0 && { body: () => readPart(upload, start, source.size) }),
    expect: [201, 204],
    repeatable: false,
    signal: options.signal,
  });
  await discard(answer);
}

/** Asks how much has come. Where the registry forgot the upload, or refuses to say, it begins anew. */
async function resume(upload: Upload, state: Progress): Promise<void> {
  const { repository, digest, options, source } = upload;
  const { session } = state;
  if (session === undefined) return;
  const operation = `resume the upload of ${shortDigest(digest)} to`;
  const answer = await repository.registry.send({
    operation,
    method: "GET",
    target: session.url,
    repository: repository.name,
    actions: ["pull", "push"],
    // distribution's registry answers 416 where part of a chunk has come: its upload cannot go on.
    expect: [204, 202, 200, 400, 404, 405, 416],
    signal: options.signal,
  });
  await discard(answer);
  const kept = answer.status < 300 ? readRangeEnd(answer) : undefined;
  if (kept === undefined || kept > source.size) {
    Object.assign(state, { session: undefined, offset: 0 });
    upload.tell(0);
    return;
  }
  if (answer.headers.location !== undefined) session.url = readLocation(repository, answer, operation);
  state.offset = kept;
  upload.tell(kept);
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

function readLocation(repository: Repository, answer: Answer, operation: string): URL {
  const { location } = answer.headers;
  const url = location === undefined ? undefined : repository.registry.locate(location, answer.url);
  if (url !== undefined) return url;
  const why = location === undefined ? "its answer has no Location" : "the Location in its answer is no address";
  throw answerInvalid({
    registry: repository.registry.host,
    repository: repository.name,
    operation,
    status: answer.status,
    retryable: false,
    why,
  });
}

function answerWrong({ repository }: Upload, operation: string, why: string, retryable: boolean): Error {
  return answerInvalid({ registry: repository.registry.host, repository: repository.name, operation, retryable, why });
}
