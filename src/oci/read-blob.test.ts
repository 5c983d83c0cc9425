import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import type { ProgressEvent } from "../base/progress.ts";
import { startAnswering } from "./fixtures/answering.ts";
import { startCuttingProxy } from "./fixtures/cutting-proxy.ts";
import { startMemoryRegistry } from "./fixtures/memory-registry.ts";
import { readBlob, readBlobBytes } from "./read-blob.ts";
import { openRepository } from "./repository.ts";

const closing: { close: () => Promise<void> }[] = [];
afterAll(async () => {
  for (const one of closing) await one.close();
});

function track<T extends { close: () => Promise<void> }>(one: T): T {
  closing.push(one);
  return one;
}

const open = ({ host }: { host: string }) =>
  openRepository(`${host}/digits`, { environment: {}, retry: { firstMs: 1, attempts: 4 } });
const bytes = randomBytes(6 << 20);
const wanted = { digest: digestOf(bytes), size: bytes.byteLength };
const serve = async (answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) =>
  track(await startAnswering(answer));
const collect = async (pieces: AsyncIterable<Uint8Array>) => digestOf(await buffer(pieces));

describe("a connection that is cut", () => {
  test("is gone on with from where it was", async () => {
    const registry = track(await startMemoryRegistry());
    registry.repositories.set("digits", {
      blobs: new Map([[wanted.digest, bytes]]),
      manifests: new Map(),
      tags: new Map(),
    });
    const proxy = track(await startCuttingProxy(registry.host, { down: [1 << 20, 2 << 20, 1000] }));
    const events: ProgressEvent[] = [];
    expect(await collect(readBlob(open(proxy), wanted, { report: (event) => events.push(event) }))).toBe(wanted.digest);
    expect(proxy.cuts()).toBe(3);
    expect(events.at(-1)).toMatchObject({ step: "pull", done: wanted.size, total: wanted.size });
    const done = events.map((event) => event.done ?? 0);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  test("is gone on with also where the server knows no ranges", async () => {
    const server = await serve((_request, response, count) => {
      if (count > 2) return response.end(bytes);
      response.write(bytes.subarray(0, count * 1_000_000));
      return setTimeout(() => response.destroy(), 20);
    });
    expect(await collect(readBlob(open(server), wanted))).toBe(wanted.digest);
    expect(server.requests).toHaveLength(3);
  });

  test("is gone on with also where the server refuses ranges", async () => {
    const server = await serve((request, response, count) => {
      if (request.headers.range !== undefined) return response.writeHead(416).end("{}");
      if (count > 1) return response.end(bytes);
      response.write(bytes.subarray(0, 1_000_000));
      return setTimeout(() => response.destroy(), 20);
    });
    expect(await collect(readBlob(open(server), wanted))).toBe(wanted.digest);
    expect(server.requests).toHaveLength(3);
  });

  test("is the error in the end", async () => {
    const server = await serve((_request, response) => {
      response.write("x");
      setTimeout(() => response.destroy(), 5);
    });
    await expect(readBlobBytes(open(server), wanted)).rejects.toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_OCI_UNREACHABLE",
        details: expect.objectContaining({ retryable: true }),
      }),
    );
  });
});

describe("content", () => {
  test.each([
    ["of other bytes", Buffer.alloc(wanted.size), /it is sha256:[0-9a-f]{12}…, wanted sha256:/],
    ["that is longer", Buffer.concat([bytes, Buffer.from("x")]), /it is longer, wanted 6291456 bytes/],
  ])("%s is refused", async (_, content, words) => {
    const server = await serve((_request, response) => response.end(content));
    const refusal = expect.objectContaining({
      code: "SLIPWAY_OCI_CONTENT_MISMATCH",
      message: expect.stringMatching(words),
    });
    await expect(readBlobBytes(open(server), wanted)).rejects.toThrowError(refusal);
  });

  test("that is shorter is asked for again, since it may have been cut", async () => {
    const server = await serve((_request, response) => response.end(bytes.subarray(0, 100)));
    await expect(readBlobBytes(open(server), wanted)).rejects.toThrowError(
      "the answer ended after 100 of 6291456 bytes",
    );
  });

  test("that nobody reads to the end is not read to the end", async () => {
    const server = await serve((_request, response) => response.end(bytes));
    for await (const piece of readBlob(open(server), wanted)) {
      expect(piece.byteLength).toBeGreaterThan(0);
      break;
    }
    expect(server.requests).toHaveLength(1);
  });

  test("that is not there is said to be so", async () => {
    const server = await serve((_request, response) => response.writeHead(404).end());
    await expect(readBlobBytes(open(server), wanted)).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_NOT_FOUND" }),
    );
  });
});
