/** @file Reading a blob: as a stream that is checked against its digest and goes on after a cut, or whole. */
import { createHash } from "node:crypto";
import { shortDigest, type Digest } from "../base/digest.ts";
import { findSlipwayError } from "../base/errors.ts";
import { silent, type Report } from "../base/progress.ts";
import { contentMismatch, unreachable } from "./errors.ts";
import { printRepository, type Repository } from "./repository.ts";
import type { Call } from "./registry.ts";
import { sendDelete } from "./delete.ts";
import { waitOrThrow } from "./retry.ts";
import { discard, type Answer } from "./transport.ts";

export interface ReadOptions {
  signal?: AbortSignal | undefined;
  report?: Report;
  /** What people call it in the progress. */
  label?: string;
}

type Wanted = { digest: Digest; size: number };

export async function hasBlob(
  { registry, name }: Repository,
  digest: Digest,
  { signal }: Pick<ReadOptions, "signal"> = {},
): Promise<boolean> {
  const answer = await registry.send({
    operation: `look for ${shortDigest(digest)} in`,
    method: "HEAD",
    target: `${name}/blobs/${digest}`,
    repository: name,
    actions: ["pull"],
    expect: [200, 404],
    signal,
  });
  await discard(answer);
  return answer.status === 200;
}

/**
 * The blob's bytes. The digest is known only at the end: who uses pieces before must undo that when the end throws
 * `contentMismatch`. After a cut the rest is asked for by a range. Throws `notFound` where there is no such blob.
 */
export async function* readBlob(
  repository: Repository,
  wanted: Wanted,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { report = silent, label = shortDigest(wanted.digest), signal } = options;
  const hash = createHash("sha256");
  let offset = 0;
  for (let attempt = 1, best = 0; ; attempt++) {
    // Tries again by itself: only what happens to the body is for the loop.
    const answer = await requestFrom(repository, wanted, offset, signal);
    try {
      for await (const piece of skipKnown(answer, offset)) {
        offset += piece.byteLength;
        if (offset > wanted.size) break;
        hash.update(piece);
        yield piece;
        report({ step: "pull", label, done: offset, total: wanted.size });
      }
      if (offset < wanted.size) throw cutShort(repository, wanted, offset);
      break;
    } catch (cause) {
      const error = explainCut(cause, repository, wanted, signal);
      if (offset > best) [attempt, best] = [1, offset];
      await waitOrThrow(error, repository.registry.retry, attempt, signal);
    }
  }
  const what = `blob ${shortDigest(wanted.digest)} of ${printRepository(repository)}`;
  if (offset > wanted.size)
    throw contentMismatch({ what, wanted: `${wanted.size} bytes`, seen: "longer", retryable: false });
  const seen = `sha256:${hash.digest("hex")}`;
  if (seen !== wanted.digest)
    throw contentMismatch({ what, wanted: shortDigest(wanted.digest), seen: shortDigest(seen), retryable: false });
}

/** The whole blob in memory, checked. Throws like `readBlob`. */
export async function readBlobBytes(
  repository: Repository,
  wanted: Wanted,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  // Not allocated by the size that is claimed: a wrong manifest could claim any.
  const pieces: Uint8Array[] = [];
  for await (const piece of readBlob(repository, wanted, options)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** Takes a blob out of a repository. False where it was not there. Throws `unsupported` where deletion is switched off. */
export async function deleteBlob(
  repository: Repository,
  digest: Digest,
  { signal }: Pick<ReadOptions, "signal"> = {},
): Promise<boolean> {
  return sendDelete(repository, `delete blob ${shortDigest(digest)} of`, `${repository.name}/blobs/${digest}`, signal);
}

async function requestFrom(
  { registry, name }: Repository,
  { digest, size }: Wanted,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const call: Call = {
    operation: `read blob ${shortDigest(digest)} of`,
    method: "GET",
    target: `${name}/blobs/${digest}`,
    repository: name,
    actions: ["pull"],
    expect: [200],
    signal,
  };
  if (offset === 0) return registry.send(call);
  // With its end: some registries do not know ranges without one. Those who know none at all send everything again.
  const headers = { range: `bytes=${offset}-${size - 1}` };
  const answer = await registry.send({ ...call, headers, expect: [200, 206, 416] });
  if (answer.status !== 416) return answer;
  await discard(answer);
  return registry.send(call);
}

/** A server that knows no ranges sends all of it again. */
async function* skipKnown(answer: Answer, offset: number): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = answer.status === 206 ? offset - readRangeStart(answer, offset) : offset;
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
    const rest = piece.subarray(Math.min(skip, piece.byteLength));
    skip -= piece.byteLength - rest.byteLength;
    if (rest.byteLength > 0) yield rest;
  }
}

function readRangeStart({ headers }: Answer, offset: number): number {
  const start = Number(/^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1] ?? offset);
  // A later start would leave a hole; the digest would show it, but not say why.
  return start <= offset ? start : offset;
}

function cutShort(repository: Repository, wanted: Wanted, offset: number): Error {
  return unreachable({
    ...toFailure(repository, wanted),
    why: `the answer ended after ${offset} of ${wanted.size} bytes`,
    hint: "Run the command again.",
  });
}

/** Node's errors of a body that breaks off, as one of the catalogue's. */
function explainCut(error: unknown, repository: Repository, wanted: Wanted, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true || findSlipwayError(error) !== undefined) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return unreachable(
    { ...toFailure(repository, wanted), why: `the connection was cut (${code})`, hint: "Run the command again." },
    { cause: error },
  );
}

function toFailure(repository: Repository, { digest }: Wanted) {
  return {
    registry: repository.registry.host,
    repository: repository.name,
    operation: `read blob ${shortDigest(digest)} of`,
    retryable: true,
  };
}
