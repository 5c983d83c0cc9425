import type { IncomingMessage } from "node:http";
import { bodiesTooMany, bodyTooLarge, callerLeft } from "./errors.ts";

/** Who wants a body; one of the two is called, once. */
export interface BodyTaker {
  takeBody(body: Buffer): void;
  fail(error: unknown): void;
}

export interface BodyReader {
  /** Hands over the whole body, at most `maxBytes` (the reader's own, or less for this one). Fails with `bodyTooLarge` as soon as that is known, `callerLeft`, `bodiesTooMany`. */
  read(request: IncomingMessage, taker: BodyTaker, maxBytes?: number): void;
}

/** Reads bodies into memory. `maxHeldBytes` bounds all of them together, so that many large uploads cannot take the memory. */
export function createBodyReader(limits: { maxBytes: number; maxHeldBytes: number }): BodyReader {
  let held = 0;

  const readPieces = (request: IncomingMessage, taker: BodyTaker, maxBytes: number): void => {
    if (request.destroyed) return taker.fail(callerLeft({ wanted: "a whole request" }));
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (error: Error | undefined): void => {
      held -= size;
      request.off("data", take);
      request.off("end", end);
      request.off("close", leave);
      request.off("error", leave);
      if (error !== undefined) taker.fail(error);
      else taker.takeBody(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      held += chunk.length;
      if (size > maxBytes) return settle(tooLarge(`more than ${maxBytes}`, maxBytes));
      if (held > limits.maxHeldBytes) return settle(bodiesTooMany({ wanted: "fewer or smaller uploads at once" }));
      chunks.push(chunk);
    };
    const end = (): void => settle(undefined);
    // "close" without "end", or an error of the stream: the caller went away in the middle of the upload.
    const leave = (): void => settle(callerLeft({ wanted: "a whole request" }));
    request.on("data", take);
    request.on("end", end);
    request.on("close", leave);
    request.on("error", leave);
  };

  return {
    read(request, taker, maxBytes = limits.maxBytes) {
      const most = Math.min(maxBytes, limits.maxBytes);
      const declared = Number(request.headers["content-length"] ?? 0);
      if (declared > most) taker.fail(tooLarge(String(declared), most));
      else readPieces(request, taker, most);
    },
  };
}

function tooLarge(seen: string, limit: number): Error {
  return bodyTooLarge({ seen, limit, wanted: `at most ${limit} bytes` });
}

/**
 * Reads and drops the rest of a body, for as long as is decent, and then says so. Closing a connection with bytes unread
 * makes the kernel reset it, and the caller would never see the answer that was already on its way.
 */
export function drainBody(request: IncomingMessage, limits: { bytes: number; milliseconds: number }): Promise<void> {
  return new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) return resolve();
    let left = limits.bytes;
    const done = (): void => {
      clearTimeout(timer);
      request.off("data", take);
      resolve();
    };
    const take = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left < 0) done();
    };
    const timer = setTimeout(done, limits.milliseconds);
    request.on("data", take);
    request.once("end", done);
    request.once("close", done);
    // The caller hung up while we were being polite: nothing is left to do for it.
    request.on("error", done);
  });
}
