/** @file Watches against a server that ends them, forgets, breaks off and falls silent. */
import type { ServerResponse } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { clusterForbidden } from "../errors.ts";
import { sendJson, startFakeApi } from "./_fake-api.ts";
import { openCluster } from "./open.ts";
import { watchObjects } from "./watch.ts";

const resources = [
  { name: "configmaps", kind: "ConfigMap", namespaced: true, verbs: ["list", "watch"] },
  { name: "secrets", kind: "Secret", namespaced: true, verbs: ["list", "watch"] },
];
const config = (name: string, version: string) => ({ metadata: { name, uid: name, resourceVersion: version } });
const selection = { apiVersion: "v1", kind: "ConfigMap", namespace: "a" };

/** A server with one list; `watch` answers watches, told how many there were and where they begin. */
async function startServer(
  items: () => object[],
  watch: (response: ServerResponse, count: number, from: string) => void,
) {
  let watches = 0;
  let lists = 0;
  const api = await startFakeApi((request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    if (url.pathname === "/api/v1") return sendJson(response, 200, { resources });
    if (url.pathname === "/readyz") return void response.end("ok");
    if (url.pathname.endsWith("/secrets"))
      return sendJson(response, 403, { message: "secrets is forbidden", reason: "Forbidden" });
    if (!url.pathname.endsWith("/configmaps")) return;
    if (url.searchParams.get("watch") === "true")
      return watch(response, ++watches, url.searchParams.get("resourceVersion") ?? "");
    sendJson(response, 200, { metadata: { resourceVersion: String(++lists * 100) }, items: items() });
  });
  const cluster = await openCluster({ context: "test", kubeconfig: api.kubeconfig });
  onTestFinished(async () => {
    cluster.close();
    await api[Symbol.asyncDispose]();
  });
  return { cluster, api };
}

const send = (response: ServerResponse, type: string, object: object) =>
  response.write(`${JSON.stringify({ type, object })}\n`);

/** The views until one has these names. */
async function collectUntil(
  views: AsyncGenerator<{ metadata: { name: string } }[]>,
  names: readonly string[],
): Promise<string[][]> {
  const seen: string[][] = [];
  for await (const objects of views) {
    seen.push(objects.map(({ metadata }) => metadata.name).toSorted());
    if (seen.at(-1)?.join() === names.join()) return seen;
  }
  return seen;
}

test("what is added, changed and deleted is seen, and a watch that ends goes on where it was", async () => {
  const from: string[] = [];
  const { cluster } = await startServer(
    () => [config("a", "1")],
    (response, count, version) => {
      from.push(version);
      response.writeHead(200);
      if (count === 1) {
        send(response, "ADDED", config("b", "101"));
        send(response, "DELETED", config("a", "102"));
        send(response, "BOOKMARK", { metadata: { resourceVersion: "150" } });
        response.end();
      } else if (count === 2) send(response, "ADDED", config("c", "151"));
    },
  );
  const seen = await collectUntil(watchObjects(cluster, [selection], new AbortController().signal), ["b", "c"]);
  expect(seen[0]).toEqual(["a"]);
  expect(from.slice(0, 2)).toEqual(["100", "150"]);
});

test.each([
  [
    "by an event",
    (response: ServerResponse) =>
      void (response.writeHead(200),
      send(response, "ERROR", { code: 410, message: "too old resource version" }),
      response.end()),
  ],
  [
    "by its status",
    (response: ServerResponse) => sendJson(response, 410, { message: "too old resource version", code: 410 }),
  ],
])("a version that is forgotten, told %s, is listed anew", async (_, forget) => {
  let lists = 0;
  const { cluster } = await startServer(
    () => (++lists === 1 ? [config("old", "1")] : [config("new", "2")]),
    (response, count) => (count === 1 ? forget(response) : response.writeHead(200).flushHeaders()),
  );
  const seen = await collectUntil(watchObjects(cluster, [selection], new AbortController().signal), ["new"]);
  expect(seen).toEqual([["old"], ["new"]]);
});

test("a connection that breaks off, in the middle of a line, loses nothing", async () => {
  const { cluster } = await startServer(
    () => [],
    (response, count, version) => {
      response.writeHead(200);
      if (count === 1) {
        send(response, "ADDED", config("a", "101"));
        response.write('{"type":"ADDED","obj', () => setTimeout(() => response.destroy(), 20));
      } else if (version === "101") send(response, "ADDED", config("b", "102"));
    },
  );
  const seen = await collectUntil(watchObjects(cluster, [selection], new AbortController().signal), ["a", "b"]);
  expect(seen[0]).toEqual([]);
  expect(seen.at(-1)).toEqual(["a", "b"]);
});

test("a connection that falls silent without a word is given up", async () => {
  const { cluster } = await startServer(
    () => [config("a", "1")],
    (response, count) => {
      response.writeHead(200).flushHeaders();
      if (count > 1) send(response, "ADDED", config("b", "101"));
    },
  );
  const views = watchObjects(cluster, [selection], new AbortController().signal, { watchSeconds: 1, silenceMs: 100 });
  expect(await collectUntil(views, ["a", "b"])).toEqual([["a"], ["a", "b"]]);
});

test("what is forbidden ends the watch, unless it can be done without", async () => {
  const { cluster } = await startServer(
    () => [config("a", "1")],
    (response) => response.writeHead(200).flushHeaders(),
  );
  const secrets = { apiVersion: "v1", kind: "Secret", namespace: "a" };
  const { signal } = new AbortController();
  expect(await collectUntil(watchObjects(cluster, [selection, { ...secrets, optional: true }], signal), ["a"])).toEqual(
    [["a"]],
  );
  await expect(collectUntil(watchObjects(cluster, [selection, secrets], signal), ["never"])).rejects.toThrow(
    expect.objectContaining({ code: clusterForbidden.code }),
  );
});

test("a signal ends it", async () => {
  const { cluster } = await startServer(
    () => [config("a", "1")],
    (response) => response.writeHead(200).flushHeaders(),
  );
  const stop = new AbortController();
  const seen = collectUntil(watchObjects(cluster, [selection], stop.signal), ["never"]);
  setTimeout(() => stop.abort(), 50);
  await expect(seen).rejects.toMatchObject({ name: "AbortError" });
});
