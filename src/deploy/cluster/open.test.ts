import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import {
  clusterForbidden,
  clusterUnauthorized,
  clusterUnreachable,
  contextUnknown,
  contextUnnamed,
  credentialsFailed,
  kubeconfigInvalid,
  kubeconfigMissing,
  objectRejected,
} from "../errors.ts";
import { sendJson, startFakeApi, writeKubeconfig } from "./_fake-api.ts";
import { getObject } from "./objects.ts";
import { openCluster } from "./open.ts";
import type { Cluster } from "./types.ts";

const pods = { groupVersion: "v1", resources: [{ name: "pods", kind: "Pod", namespaced: true, verbs: ["get"] }] };
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "b", uid: "1", resourceVersion: "1" } };
const ref = { apiVersion: "v1", kind: "Pod", name: "a", namespace: "b" };
const failing = (code: string) => expect.objectContaining({ code });

test("a context must be named, and must be there; what there is is told", async () => {
  await using api = await startFakeApi(() => {});
  const { kubeconfig } = api;
  await expect(openCluster({ context: "", kubeconfig })).rejects.toMatchObject({
    code: contextUnnamed.code,
    mend: "Name one: --target test.",
  });
  await expect(openCluster({ context: "tset", kubeconfig })).rejects.toMatchObject({
    code: contextUnknown.code,
    message: `${kubeconfig} has no context tset; it has test`,
    mend: "Did you mean --target test?",
  });
  expect(api.seen).toEqual([]);
});

test("several kubeconfigs are one, the first to name something wins, missing ones are passed over", async () => {
  await using one = await startFakeApi(() => {});
  await using two = await startFakeApi(() => {});
  writeFileSync(join(two.folder, "config"), writeKubeconfig("other", two.url, {}, "models"));
  writeFileSync(join(two.folder, "same"), writeKubeconfig("test", two.url));
  const kubeconfig = [one.kubeconfig, join(one.folder, "none"), two.kubeconfig, join(two.folder, "same")].join(
    delimiter,
  );
  const first = await openCluster({ context: "test", kubeconfig });
  const second = await openCluster({ context: "other", kubeconfig });
  expect([first.server, first.namespace, second.server, second.namespace]).toEqual([
    one.url,
    "default",
    two.url,
    "models",
  ]);
  for (const cluster of [first, second]) cluster.close();
});

test("a kubeconfig that is missing or broken is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-kubeconfig-"));
  const path = join(folder, "config");
  await expect(openCluster({ context: "a", kubeconfig: path })).rejects.toMatchObject({
    code: kubeconfigMissing.code,
    details: { looked: [path] },
  });
  writeFileSync(path, "contexts: [{name: a}]");
  await expect(openCluster({ context: "a", kubeconfig: path })).rejects.toMatchObject({
    code: kubeconfigInvalid.code,
    details: { path },
  });
  writeFileSync(path, "");
  await expect(openCluster({ context: "a", kubeconfig: path })).rejects.toThrow(failing(contextUnknown.code));
  rmSync(folder, { recursive: true });
});

test("a program gives the credentials, once for many requests, and again when the server refuses them", async () => {
  let valid = "Bearer one";
  await using api = await startFakeApi((request, response) => {
    if (request.headers.authorization !== valid) sendJson(response, 401, { message: "Unauthorized" });
    else if (request.url === "/api/v1") sendJson(response, 200, pods);
    else if (request.url !== "/version") sendJson(response, 200, pod);
  });
  const program = join(api.folder, "login");
  const token = join(api.folder, "token");
  const calls = join(api.folder, "calls");
  writeFileSync(token, "one");
  writeFileSync(
    program,
    `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> ${calls}\nprintf '{"kind":"ExecCredential","status":{"token":"%s"}}' "$(cat ${token})"\n`,
  );
  chmodSync(program, 0o755);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./login", args: [] };
  writeFileSync(api.kubeconfig, writeKubeconfig("test", api.url, { exec }));
  const cluster = await openCluster({ context: "test", kubeconfig: api.kubeconfig });
  await Promise.all([1, 2, 3].map(() => getObject(cluster, ref)));
  const count = () => readFileSync(calls, "utf8").trim().split("\n").length;
  expect(count()).toBe(1);
  expect(JSON.parse(readFileSync(calls, "utf8"))).toEqual({
    kind: "ExecCredential",
    apiVersion: "client.authentication.k8s.io/v1",
    spec: { interactive: false },
  });
  valid = "Bearer two";
  writeFileSync(token, "two");
  expect((await getObject(cluster, ref))?.metadata.name).toBe("a");
  expect(count()).toBe(2);
  valid = "nobody";
  await expect(getObject(cluster, ref)).rejects.toThrow(failing(clusterUnauthorized.code));
  cluster.close();
});

test("a program that fails is told with what it said", async () => {
  await using api = await startFakeApi(() => {}, {
    exec: { command: "sh", args: ["-c", "echo please sign in >&2; exit 1"] },
  });
  await expect(openCluster({ context: "test", kubeconfig: api.kubeconfig })).rejects.toMatchObject({
    code: credentialsFailed.code,
    message: "context test: sh -c echo please sign in >&2; exit 1 gave no credentials: please sign in",
  });
});

test("a token file beside the kubeconfig is read", async () => {
  let seen: string | undefined;
  await using api = await startFakeApi((request) => (seen = request.headers.authorization), { tokenFile: "token" });
  writeFileSync(join(api.folder, "token"), "from a file");
  (await openCluster({ context: "test", kubeconfig: api.kubeconfig })).close();
  expect(seen).toBe("Bearer from a file");
});

async function withAnswers(
  answers: ((n: number) => [status: number, body: object, headers?: object]) | "reset",
): Promise<{
  cluster: Cluster;
  waits: (string | undefined)[];
  api: Awaited<ReturnType<typeof startFakeApi>>;
}> {
  let count = 0;
  const api = await startFakeApi((request, response) => {
    if (request.url === "/api/v1") return sendJson(response, 200, pods);
    if (request.url === "/version") return;
    if (request.url === "/readyz") return void response.end("ok");
    count++;
    if (answers === "reset") {
      if (count < 3) request.socket.destroy();
      else sendJson(response, 200, pod);
      return;
    }
    const [status, body, headers] = answers(count);
    sendJson(response, status, body, headers);
  });
  const waits: (string | undefined)[] = [];
  const cluster = await openCluster({
    context: "test",
    kubeconfig: api.kubeconfig,
    patienceMs: 3000,
    onWait: (text) => waits.push(text),
  });
  return { cluster, waits, api };
}

test("a busy server is waited for, as long as it asks", async () => {
  const { cluster, waits, api } = await withAnswers((n) =>
    n < 3 ? [429, { message: "too many requests" }, { "retry-after": "0" }] : [200, pod],
  );
  await using _ = api;
  expect((await getObject(cluster, ref))?.metadata.uid).toBe("1");
  expect(waits).toEqual(["waiting for the API server of test: too many requests", undefined]);
  cluster.close();
});

test("a server that is away is waited for, and its connections are made anew", async () => {
  const { cluster, waits, api } = await withAnswers("reset");
  await using _ = api;
  expect((await getObject(cluster, ref))?.metadata.uid).toBe("1");
  expect(waits).toHaveLength(2);
  expect(waits.at(-1)).toBe(undefined);
  expect(api.seen.slice(2)).toContain("GET /readyz");
  cluster.close();
});

test("waiting has an end, told with server, reason and time", async () => {
  const { cluster, api } = await withAnswers(() => [503, { message: "the server is starting" }]);
  await using _ = api;
  await expect(getObject(cluster, ref)).rejects.toMatchObject({
    code: objectRejected.code,
    message: "test refused to get Pod a in namespace b (503): the server is starting",
  });
  cluster.close();
});

test("a server that nobody runs is told at the first contact", async () => {
  const api = await startFakeApi(() => {});
  const text = readFileSync(api.kubeconfig, "utf8");
  await api[Symbol.asyncDispose]();
  const folder = mkdtempSync(join(tmpdir(), "slipway-gone-"));
  const kubeconfig = join(folder, "config");
  writeFileSync(kubeconfig, text);
  await expect(openCluster({ context: "test", kubeconfig, patienceMs: 300 })).rejects.toMatchObject({
    code: clusterUnreachable.code,
    exit: 5,
    message: expect.stringContaining(`the API server of test (${api.url}/) does not answer`) as string,
  });
  rmSync(folder, { recursive: true });
});

test("what is forbidden is told with who, what and how to check it", async () => {
  const message = 'pods "a" is forbidden: User "ada" cannot get resource "pods" in API group "" in the namespace "b"';
  const { cluster, api } = await withAnswers(() => [403, { message, reason: "Forbidden" }]);
  await using _ = api;
  await expect(getObject(cluster, ref)).rejects.toMatchObject({
    code: clusterForbidden.code,
    message: `not allowed to get Pod a in namespace b in test (403): ${message}`,
    mend: "Ask the cluster's administrator for a Role that allows it. To check: kubectl --context test auth can-i get pod/a --namespace b",
  });
  cluster.close();
});

test("a signal ends the waiting", async () => {
  const { cluster, api } = await withAnswers(() => [503, { message: "no" }]);
  await using _ = api;
  const stop = new AbortController();
  const asked = cluster.request({ method: "GET", path: "/x", ref, verb: "get", signal: stop.signal });
  stop.abort();
  await expect(asked).rejects.toMatchObject({ name: "AbortError" });
  cluster.close();
});
