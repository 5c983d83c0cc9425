import type { IncomingMessage } from "node:http";
import { bodiesTooMany, bodyTooLarge, callerLeft } from "./errors.ts";

export interface BodyReader {
  /** The whole body, at most `maxBytes`. Rejects with `bodyTooLarge` as soon as that is known, `callerLeft`, `bodiesTooMany`. */
  read(request: IncomingMessage): Promise<Buffer>;
}

/** Reads bodies into memory. `maxHeldBytes` bounds all of them together, so that many large uploads cannot take the memory. */
export function createBodyReader(limits: { maxBytes: number; maxHeldBytes: number }): BodyReader {
  let held = 0;
  return {
    read(request) {
      const declared = Number(request.headers["content-length"] ?? 0);
      const tooLarge = (seen: string): Error =>
        bodyTooLarge({ seen, limit: limits.maxBytes, wanted: `at most ${limits.maxBytes} bytes` });
      if (declared > limits.maxBytes) return Promise.reject(tooLarge(String(declared)));
      return new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const settle = (error: Error | undefined): void => {
          held -= size;
          request.off("data", take);
          request.off("end", end);
          request.off("close", leave);
          request.off("error", leave);
          if (error !== undefined) reject(error);
          else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
        };
        const take = (chunk: Buffer): void => {
          size += chunk.length;
          held += chunk.length;
          if (size > limits.maxBytes) return settle(tooLarge(`more than ${limits.maxBytes}`));
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
      });
    },
  };
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
