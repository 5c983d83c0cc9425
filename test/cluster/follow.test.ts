/** @file Into pods from outside: logs of several through restarts, programs run in them, ports that lead to them, and volumes that are waited for. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forwardPort } from "../../src/deploy/cluster/forward.ts";
import { type LogLine, podLogs } from "../../src/deploy/cluster/logs.ts";
import { listObjects } from "../../src/deploy/cluster/objects.ts";
import { openCluster } from "../../src/deploy/cluster/open.ts";
import { watchClaims, watchRollout } from "../../src/deploy/cluster/rollout.ts";
import { isReady, pick } from "../../src/deploy/cluster/shapes.ts";
import type { Cluster } from "../../src/deploy/cluster/types.ts";
import { noReadyPod, objectMissing, rolloutFailed } from "../../src/deploy/errors.ts";
import { execInPod } from "./exec.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlApply, pushTestImage, useCluster, useNamespace } from "./use.ts";

let at: TestCluster;
let cluster: Cluster;
let namespace: TestNamespace;
const labels = { app: "web" };
/** A web server that says its name and, at `/big`, three megabytes; it counts aloud, and restarts when `/tmp/stop` is there. */
const script = `mkdir -p /tmp/www; echo "$HOSTNAME" > /tmp/www/index.html; head -c 3000000 /dev/urandom > /tmp/www/big
httpd -p 8080 -h /tmp/www; echo "begin $HOSTNAME"; n=0; while [ ! -e /tmp/stop ]; do n=$((n+1)); echo "line $n"; sleep 0.2; done; echo "end $HOSTNAME"; exit 0`;

beforeAll(async () => {
  at = await useCluster();
  cluster = await openCluster({ context: at.context, kubeconfig: at.kubeconfig });
  namespace = await useNamespace(at, "follow");
  const { reference } = await pushTestImage(at);
  const container = {
    name: "web",
    image: reference,
    command: ["/bin/sh", "-c", script],
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
  };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
    },
  };
  await kubectlApply(at, namespace.name, [deployment]);
  await watchRollout(cluster, { namespace: namespace.name, deployment: "web" });
});
afterAll(async () => {
  await (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]();
  (cluster as Cluster | undefined)?.close();
});

const readyPods = async () => {
  const { items } = await listObjects(cluster, { apiVersion: "v1", kind: "Pod", namespace: namespace.name, labels });
  return pick(items, "Pod")
    .filter(isReady)
    .map(({ metadata }) => metadata.name);
};
const run = (pod: string, command: string[], input?: Uint8Array) =>
  execInPod(cluster, { namespace: namespace.name, pod, command, ...(input !== undefined && { input }) });

test("lines of all pods come merged by their time, each with its pod", async () => {
  const lines: LogLine[] = [];
  await podLogs(cluster, { namespace: namespace.name, labels, onLine: (line) => lines.push(line) });
  const pods = await readyPods();
  expect(new Set(lines.map(({ pod }) => pod))).toEqual(new Set(pods));
  expect(lines.map((line) => line.at)).toEqual(lines.map((line) => line.at).toSorted());
  for (const pod of pods) {
    const own = lines.filter((line) => line.pod === pod).map(({ text }) => text);
    expect(own.slice(0, 2)).toEqual([`begin ${pod}`, "line 1"]);
  }
  const tail: LogLine[] = [];
  await podLogs(cluster, { namespace: namespace.name, labels, tail: 1, onLine: (line) => tail.push(line) });
  expect(tail).toHaveLength(2);
});

test("followed logs go on through a restart, with no line lost or told twice", async () => {
  const [pod = ""] = await readyPods();
  const stop = new AbortController();
  const lines: string[] = [];
  const following = podLogs(cluster, {
    namespace: namespace.name,
    pod,
    follow: true,
    signal: stop.signal,
    onLine: ({ text }) => lines.push(text),
  });
  await expect.poll(() => lines.length).toBeGreaterThan(3);
  await run(pod, ["touch", "/tmp/stop"]);
  await expect.poll(() => lines.filter((text) => text.startsWith("begin ")).length, { timeout: 60_000 }).toBe(2);
  await expect.poll(() => lines.slice(lines.lastIndexOf(`begin ${pod}`)).length).toBeGreaterThan(3);
  stop.abort();
  await following;
  const first = lines.slice(lines.indexOf(`begin ${pod}`) + 1, lines.indexOf(`end ${pod}`));
  expect(first).toEqual(first.map((_, i) => `line ${i + 1}`));
  const second = lines.slice(lines.lastIndexOf(`begin ${pod}`) + 1);
  expect(second).toEqual(second.map((_, i) => `line ${i + 1}`));
  const before: string[] = [];
  await podLogs(cluster, { namespace: namespace.name, pod, previous: true, onLine: ({ text }) => before.push(text) });
  expect(before.at(-1)).toBe(`end ${pod}`);
});

test("a program in a pod: its output, its errors, its input and its exit code", async () => {
  const [pod = ""] = await readyPods();
  const both = await run(pod, ["sh", "-c", "echo out; echo err >&2; exit 7"]);
  expect([both.exitCode, both.stdout.toString(), both.stderr.toString()]).toEqual([7, "out\n", "err\n"]);
  const bytes = new Uint8Array(200_000).map((_, i) => i % 251);
  const sum = await run(pod, ["sha256sum"], bytes);
  expect(sum.stdout.toString().split(" ")[0]).toBe(createHash("sha256").update(bytes).digest("hex"));
  await expect(run(pod, ["/bin/nothing"])).rejects.toThrow("`/bin/nothing` could not be run in pod");
  await expect(run("nobody", ["true"])).rejects.toThrow(expect.objectContaining({ code: objectMissing.code }));
});

test("a port leads to ready pods: many at once, whole, and to another pod when one is gone", async () => {
  // One of them may have been made to restart just now.
  await expect.poll(async () => (await readyPods()).length).toBe(2);
  const forward = await forwardPort(cluster, { namespace: namespace.name, labels, port: 8080 });
  const read = async () => (await (await fetch(forward.url, { headers: { connection: "close" } })).text()).trim();
  const answers = await Promise.all(Array.from({ length: 12 }, read));
  expect(new Set(answers)).toEqual(new Set(await readyPods()));
  const big = await Promise.all(
    [1, 2, 3, 4].map(async () => Buffer.from(await (await fetch(`${forward.url}/big`)).arrayBuffer())),
  );
  expect(big.map(({ length }) => length)).toEqual([3_000_000, 3_000_000, 3_000_000, 3_000_000]);
  const [gone = ""] = await readyPods();
  await kubectl(at, "delete", "pod", gone, "--namespace", namespace.name, "--grace-period=0", "--force");
  await expect.poll(read).not.toBe(gone);
  await forward.close();
  await expect(fetch(forward.url)).rejects.toThrow(TypeError);
  await expect(forwardPort(cluster, { namespace: namespace.name, labels: { app: "nobody" }, port: 1 })).rejects.toThrow(
    expect.objectContaining({ code: noReadyPod.code }),
  );
});

test("a claim that waits for its first pod is settled; one of a class that there is not has failed", async () => {
  const claim = (name: string, spec: object) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } }, ...spec },
  });
  await kubectlApply(at, namespace.name, [claim("good", {}), claim("bad", { storageClassName: "nobody" })]);
  await watchClaims(cluster, { namespace: namespace.name, claims: ["good"] });
  await expect(watchClaims(cluster, { namespace: namespace.name, claims: ["bad"] })).rejects.toMatchObject({
    code: rolloutFailed.code,
    message: expect.stringContaining("claim bad (1Mi) names the StorageClass nobody, which there is not") as string,
  });
});
