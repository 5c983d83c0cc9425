import { randomBytes } from "node:crypto";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import type { ProgressEvent } from "../base/progress.ts";
import { fromBytes, fromFile } from "./blob-source.ts";
import { startCuttingProxy } from "./fixtures/cutting-proxy.ts";
import { startMemoryRegistry, type MemoryRegistryOptions } from "./fixtures/memory-registry.ts";
import { pushBlob } from "./push-blob.ts";
import type { RegistryOptions } from "./registry.ts";
import { openRepository } from "./repository.ts";

const closing: { close: () => Promise<void> }[] = [];
const folder = await mkdtemp(join(tmpdir(), "slipway-push-"));
afterAll(async () => {
  for (const one of closing) await one.close();
  await rm(folder, { recursive: true });
});

function track<T extends { close: () => Promise<void> }>(one: T): T {
  closing.push(one);
  return one;
}

const start = async (options: MemoryRegistryOptions = {}) => track(await startMemoryRegistry(options));
const quick: RegistryOptions = { environment: { HOME: "/nowhere" }, retry: { firstMs: 1 } };
const open = ({ host }: { host: string }, more: RegistryOptions = {}) =>
  openRepository(`${host}/digits`, { ...quick, ...more });
const mebi = 1 << 20;

function makeBlob(size: number) {
  const bytes = randomBytes(size);
  return { bytes, digest: digestOf(bytes), source: fromBytes(bytes) };
}

describe("what is sent", () => {
  test("a small blob goes in one request, a large one in chunks", async () => {
    const registry = await start();
    const [small, large] = [makeBlob(1000), makeBlob(2500)];
    expect(await pushBlob(open(registry), small.digest, small.source, { chunkBytes: 1000 })).toBe("uploaded");
    expect(await pushBlob(open(registry), large.digest, large.source, { chunkBytes: 1000 })).toBe("uploaded");
    const kinds = registry.requests.map((request) => request.split(" ")[0]);
    expect(kinds).toEqual(["HEAD", "POST", "PUT", "HEAD", "POST", "PATCH", "PATCH", "PATCH", "PUT"]);
    expect(registry.received()).toBe(3500);
  });

  test("an empty blob too", async () => {
    const registry = await start();
    const empty = makeBlob(0);
    expect(await pushBlob(open(registry), empty.digest, empty.source)).toBe("uploaded");
    expect(registry.repositories.get("digits")?.blobs.get(empty.digest)?.byteLength).toBe(0);
  });

  test("nothing where it is there", async () => {
    const registry = await start();
    const { digest, source } = makeBlob(1000);
    await pushBlob(open(registry), digest, source);
    expect(await pushBlob(open(registry), digest, source)).toBe("existed");
    expect(registry.received()).toBe(1000);
  });

  test("nothing where another repository has it; a mount that is refused is an upload", async () => {
    const registry = await start();
    const { digest, source } = makeBlob(1000);
    await pushBlob(open(registry), digest, source);
    const other = openRepository(`${registry.host}/other`, quick);
    expect(await pushBlob(other, digest, source, { mountFrom: ["nowhere", "digits"] })).toBe("mounted");
    const second = makeBlob(500);
    expect(await pushBlob(other, second.digest, second.source, { mountFrom: ["nowhere", "digits"] })).toBe("uploaded");
    expect(registry.received()).toBe(1500);
  });

  test("once, however many push it at the same time", async () => {
    const registry = await start();
    const { digest, source } = makeBlob(1000);
    const repository = open(registry);
    await Promise.all(Array.from({ length: 5 }, () => pushBlob(repository, digest, source)));
    expect(registry.received()).toBe(1000);
  });

  test("chunks of the size that the registry wants at least", async () => {
    const registry = await start({
      before: (_request, response) => {
        response.setHeader("oci-chunk-min-length", "2000");
        return false;
      },
    });
    const { digest, source } = makeBlob(5000);
    await pushBlob(open(registry), digest, source, { chunkBytes: 100 });
    expect(registry.requests.filter((request) => request.startsWith("PATCH"))).toHaveLength(3);
  });

  test("in one request where the registry takes no chunks", async () => {
    const registry = await start({
      before: (request, response) => {
        if (request.method !== "PATCH") return false;
        response.writeHead(405).end();
        return true;
      },
    });
    const { digest, source } = makeBlob(5000);
    expect(await pushBlob(open(registry), digest, source, { chunkBytes: 1000 })).toBe("uploaded");
    const kinds = registry.requests.map((request) => request.split(" ")[0]);
    expect(kinds).toEqual(["HEAD", "POST", "PATCH", "POST", "PUT"]);
  });

  test("progress goes up to the end", async () => {
    const registry = await start();
    const { digest, source } = makeBlob(300_000);
    const events: ProgressEvent[] = [];
    await pushBlob(open(registry), digest, source, { label: "model.onnx", report: (event) => events.push(event) });
    expect(events.at(-1)).toEqual({ step: "push", label: "model.onnx", done: 300_000, total: 300_000 });
    expect(events.map(({ done }) => done)).toEqual(events.map(({ done }) => done ?? 0).toSorted((a, b) => a - b));
  });
});

describe("over a network that cuts connections", () => {
  test("goes on where the registry kept what came: little is sent twice", async () => {
    const registry = await start();
    const budgets = [mebi, 3 * mebi, 500_000, 2 * mebi + 17];
    const proxy = track(await startCuttingProxy(registry.host, { up: budgets }));
    const { digest, source, bytes } = makeBlob(10 * mebi);
    expect(await pushBlob(open(proxy), digest, source, { chunkBytes: 4 * mebi })).toBe("uploaded");
    expect(proxy.cuts()).toBe(4);
    expect(digestOf(registry.repositories.get("digits")?.blobs.get(digest) ?? "")).toBe(digest);
    // What was on its way in the proxy and in buffers when it cut is lost, no more.
    expect(registry.received() - bytes.byteLength).toBeLessThan(4 * mebi);
    expect(registry.requests.filter((request) => request.startsWith("POST"))).toHaveLength(1);
  });

  test("begins anew where the registry forgot the upload", async () => {
    let forget = true;
    const registry = await start({
      before: (request, response) => {
        if (request.method !== "GET" || !forget) return false;
        forget = false;
        response.writeHead(404).end('{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}');
        return true;
      },
    });
    const proxy = track(await startCuttingProxy(registry.host, { up: [mebi] }));
    const { digest, source } = makeBlob(3 * mebi);
    expect(await pushBlob(open(proxy), digest, source, { chunkBytes: 2 * mebi })).toBe("uploaded");
    expect(registry.requests.filter((request) => request.startsWith("POST"))).toHaveLength(2);
  });

  test("an upload whose last answer was lost is not sent again", async () => {
    let lose = true;
    const registry = await start({
      before: (request, response) => {
        if (request.method === "PUT" && lose) {
          lose = false;
          response.once("pipe", () => {});
          // Everything is done as it should be, but nobody hears of it.
          response.end = () => {
            setTimeout(() => request.socket.resetAndDestroy(), 10);
            return response;
          };
        }
        return false;
      },
    });
    const { digest, source } = makeBlob(1000);
    expect(await pushBlob(open(registry), digest, source)).toBe("uploaded");
    expect(registry.received()).toBe(1000);
  });

  test("gives up after tries without any progress, and says what happened", async () => {
    const registry = await start({
      before: (request) => {
        if (request.method === "PUT") request.socket.resetAndDestroy();
        return request.method === "PUT";
      },
    });
    const { digest, source } = makeBlob(1000);
    await expect(pushBlob(open(registry, { retry: { attempts: 3, firstMs: 1 } }), digest, source)).rejects.toThrowError(
      expect.objectContaining({
        code: "SLIPWAY_OCI_UNREACHABLE",
        message: expect.stringContaining("the connection was cut"),
      }),
    );
    expect(registry.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(3);
  });
});

describe("what goes wrong on our side", () => {
  test("a file that is shorter than it was is named, and not sent as something else", async () => {
    const registry = await start();
    const path = join(folder, "shrinking");
    const { bytes, digest } = makeBlob(200_000);
    await writeFile(path, bytes);
    const source = fromFile(path, bytes.byteLength);
    await truncate(path, 150_000);
    await expect(pushBlob(open(registry), digest, source)).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_SOURCE_CHANGED", message: expect.stringContaining(path) }),
    );
    expect(registry.repositories.get("digits")?.blobs.size).toBe(0);
  });

  test("a file that is not there is named", async () => {
    const registry = await start();
    const source = fromFile(join(folder, "none"), 10);
    await expect(pushBlob(open(registry), digestOf("x"), source)).rejects.toThrowError(
      expect.objectContaining({ code: "SLIPWAY_OCI_SOURCE_UNREADABLE", message: expect.stringContaining("ENOENT") }),
    );
  });

  test("an abort ends it, and only the one that was aborted", async () => {
    const controller = new AbortController();
    const registry = await start();
    const { digest, source } = makeBlob(4 * mebi);
    const repository = open(registry);
    const report = ({ done = 0 }: ProgressEvent) => {
      if (done > mebi) controller.abort(new Error("enough"));
    };
    const aborted = pushBlob(repository, digest, source, { chunkBytes: mebi, signal: controller.signal, report });
    const other = pushBlob(repository, digest, source, { chunkBytes: mebi });
    await expect(aborted).rejects.toThrowError(/enough|aborted/);
    expect(await other).toBe("uploaded");
  });
});
