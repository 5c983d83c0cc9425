/** @file Pushing a blob: not at all where it is there, by mounting where another repository has it, else as one upload or in chunks that can be resumed. */
import { shortDigest, type Digest } from "../base/digest.ts";
import { findSlipwayError } from "../base/errors.ts";
import { silent, type Report } from "../base/progress.ts";
import type { BlobSource } from "./blob-source.ts";
import { denied, notFound, unauthorized } from "./errors.ts";
import { hasBlob } from "./read-blob.ts";
import type { Repository } from "./repository.ts";
import { waitOrThrow } from "./retry.ts";
import { shareTransfer } from "./transfer.ts";
import {
  askUpload,
  cancelUpload,
  chunkOperation,
  finishUpload,
  sendChunk,
  startUpload,
  type Session,
  type Upload,
} from "./upload.ts";

export interface PushOptions {
  /** Repositories of the same registry that may have the blob. */
  mountFrom?: readonly string[];
  /** Size of one chunk in bytes, 2 at least; blobs up to this size go in one request. Default: 16 MiB. */
  chunkBytes?: number;
  /** Leaves the look whether it is there already out. */
  skipCheck?: boolean;
  report?: Report;
  /** What people call it in the progress: `model.onnx`. */
  label?: string;
  signal?: AbortSignal | undefined;
}

export type Pushed = "existed" | "mounted" | "uploaded";

const usualChunk = 16 << 20;

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
    const upload: Upload = { repository, digest, source, signal, tell };
    const how = await provide(upload, options);
    tell(source.size);
    return how;
  });
}

async function provide(upload: Upload, options: PushOptions): Promise<Pushed> {
  const { repository, digest, signal } = upload;
  if (options.skipCheck !== true && (await hasBlob(repository, digest, { signal }))) return "existed";
  const session = await mount(upload, options.mountFrom ?? []);
  if (session === "mounted") return "mounted";
  await uploadAll(upload, session, Math.max(options.chunkBytes ?? usualChunk, 2));
  return "uploaded";
}

/** Tries the repositories in turn. Where a mount is not possible an upload is open instead, by the spec: one is used, others are cancelled. */
async function mount(upload: Upload, repositories: readonly string[]): Promise<Session | "mounted" | undefined> {
  let open: Session | undefined;
  for (const from of repositories) {
    if (from === upload.repository.name) continue;
    const session = await startUpload(upload, from).catch(ignoreRefusal);
    if (session === undefined) continue;
    if (open !== undefined) await cancelUpload(upload, open);
    if (session === "mounted") return "mounted";
    open = session;
  }
  return open;
}

/** Where the other repository may not be read, or is not there, the blob is simply uploaded. */
function ignoreRefusal(error: unknown): undefined {
  const known = [denied.code, unauthorized.code, notFound.code];
  if (!known.includes(findSlipwayError(error)?.code ?? "")) throw error;
}

interface Progress {
  session: Session | undefined;
  /** Bytes that the registry has. */
  offset: number;
  takesChunks: boolean;
}

/** Counts tries without progress only: each byte more that the registry kept begins a new count. */
async function uploadAll(upload: Upload, opened: Session | undefined, chunkBytes: number): Promise<void> {
  const { repository, digest, signal } = upload;
  const state: Progress = { session: opened, offset: 0, takesChunks: true };
  for (let attempt = 1, best = 0; ; attempt++) {
    signal?.throwIfAborted();
    if (state.session === undefined) {
      const session = await startUpload(upload);
      if (session === "mounted") return;
      Object.assign(state, { session, offset: 0 });
    }
    try {
      await proceed(upload, state as Progress & { session: Session }, chunkBytes);
      return;
    } catch (error) {
      if (isChunkRefused(error) && state.takesChunks) {
        Object.assign(state, { session: undefined, takesChunks: false });
        continue;
      }
      if (state.offset > best) [attempt, best] = [1, state.offset];
      await waitOrThrow(error, repository.registry.retry, attempt, signal);
      // The last part may have come whole, and only its answer been lost.
      if (await hasBlob(repository, digest, { signal })) return;
      await resume(upload, state);
    }
  }
}

async function proceed(upload: Upload, state: Progress & { session: Session }, chunkBytes: number): Promise<void> {
  const { size } = upload.source;
  const { session } = state;
  const chunk = Math.max(chunkBytes, session.leastBytes);
  // The end of what goes in chunks: nothing of a small blob.
  const last = state.takesChunks && size > chunkBytes ? size : 0;
  while (state.offset < last) {
    const end = Math.min(last, state.offset + chunk);
    session.url = await sendChunk(upload, session.url, state.offset, end);
    state.offset = end;
  }
  await finishUpload(upload, session.url, state.offset);
}

/** Goes on where the registry says; where it forgot the upload, or cannot go on in its middle, the next one begins anew. */
async function resume(upload: Upload, state: Progress): Promise<void> {
  const kept = state.session && state.takesChunks ? await askUpload(upload, state.session) : undefined;
  if (kept === undefined) state.session = undefined;
  state.offset = kept ?? 0;
  upload.tell(state.offset);
}

/** Not every registry takes several chunks, and each says so in its own way; all take one request. */
function isChunkRefused(error: unknown): boolean {
  const { status, operation } = findSlipwayError(error)?.details ?? {};
  return operation === chunkOperation && [400, 404, 405, 411, 416, 501].includes(Number(status));
}
