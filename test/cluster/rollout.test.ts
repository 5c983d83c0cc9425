/** @file No request is dropped by a rolling update, by scaling or by draining a node; what a killed server drops is bounded and told. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { multipartRequest } from "../../src/testing/load.ts";
import type { ClusterUpResult } from "../../src/way/cluster/up.ts";
import { startLoad, type SteadyResult } from "./load/steady.ts";
import { makeTestProject, type TestProject, upOn } from "./project.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, useCluster, useNamespace } from "./use.ts";

const connections = 50;
const nothing = { failed: [0, 0], wrong: [0, 0], strangers: [], idle: false };

describe("under 50 connections of steady load, half of them made anew for each request", () => {
  let cluster: TestCluster;
  let namespace: TestNamespace;
  let project: TestProject;
  let first: ClusterUpResult;
  const digests = new Set<string>();
  const inNamespace = (...args: string[]) => kubectl(cluster, "--namespace", namespace.name, ...args);

  const release = async (seed: number): Promise<ClusterUpResult> => {
    const result = await upOn(cluster, namespace.name, await project.withSeed(seed));
    digests.add(result.trained?.digest ?? "");
    return result;
  };

  const startSteadyLoad = () => {
    const balanced = first.endpoints.find(({ kind }) => kind === "loadBalancer" || kind === "nodePort");
    const { host, port } = balanced?.address ?? { host: "", port: 0 };
    const content = readFileSync(project.image.path);
    const fileName = basename(project.image.path);
    const plain = multipartRequest({
      host,
      path: "/predict",
      field: "file",
      fileName,
      contentType: "image/png",
      content,
    });
    const text = Buffer.from(plain).toString("latin1").replace("Accept: */*", "Accept: */*\r\nConnection: keep-alive");
    return startLoad({ host, port, connections, paceMs: 100, request: Buffer.from(text, "latin1") });
  };

  /** What must be nothing: requests without a good answer, and answers by models that were never released. */
  const findLost = ({ kept, fresh, digests: seen }: SteadyResult) => ({
    failed: [kept.failed, fresh.failed],
    wrong: [kept.wrong, fresh.wrong],
    strangers: Object.keys(seen).filter((digest) => !digests.has(digest)),
    idle: kept.requests < 100 || fresh.connections < 100,
  });

  beforeAll(async () => {
    cluster = await useCluster();
    namespace = await useNamespace(cluster, "rollout");
    project = makeTestProject(
      `{ replicas: 2, expose: ["loadBalancer", "nodePort"], resources: { cpu: "100m", memory: "200Mi" }, train: { on: "here" } }`,
    );
    first = await release(1);
  });
  afterAll(async () => {
    await (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]();
    (project as TestProject | undefined)?.[Symbol.dispose]();
  });

  test("five updates, a new model each time: every request is answered, by a model that was released", async () => {
    const load = await startSteadyLoad();
    for (const seed of [2, 3, 4, 5, 6]) await release(seed);
    await sleep(1000);
    const result = await load.stop();
    expect(findLost(result)).toEqual(nothing);
    expect(digests.size).toBe(6);
    expect(new Set(Object.keys(result.digests))).toEqual(digests);
  });

  test("scaled from 1 to 4 and back", async () => {
    const scale = async (replicas: number) => {
      await inNamespace("scale", `deployment/${project.name}`, `--replicas=${replicas}`);
      await inNamespace("rollout", "status", `deployment/${project.name}`, "--timeout=120s");
      await sleep(1500);
    };
    await scale(1);
    const load = await startSteadyLoad();
    await scale(4);
    await scale(1);
    // The pods that go have answered to the end before they are gone.
    await expect
      .poll(() => inNamespace("get", "pods", "-o=name").then((text) => text.trim().split("\n").length), {
        timeout: 60_000,
      })
      .toBe(1);
    expect(findLost(await load.stop())).toEqual(nothing);
    await scale(2);
  });

  test("a node is drained", async () => {
    const node = (await inNamespace("get", "pods", "-o=jsonpath={.items[0].spec.nodeName}")).trim();
    const load = await startSteadyLoad();
    try {
      await kubectl(
        cluster,
        "drain",
        node,
        `--pod-selector=slipway.dev/project=${project.name}`,
        "--ignore-daemonsets",
        "--delete-emptydir-data",
        "--timeout=120s",
      );
      await inNamespace("rollout", "status", `deployment/${project.name}`, "--timeout=120s");
    } finally {
      await kubectl(cluster, "uncordon", node);
    }
    expect(findLost(await load.stop())).toEqual(nothing);
  });

  test("a kubelet restarts: it is not on the way of any request", async () => {
    const { parts } = cluster;
    if (parts === undefined) return;
    const load = await startSteadyLoad();
    for (const { name } of cluster.nodes) await parts.restart(`kubelet-${name}`);
    await inNamespace("rollout", "status", `deployment/${project.name}`, "--timeout=120s");
    expect(findLost(await load.stop())).toEqual(nothing);
  });

  test("a server is killed: it drops what it held, and no more; another takes over", async () => {
    const load = await startSteadyLoad();
    await sleep(1000);
    const [pod = ""] = (await inNamespace("get", "pods", "-o=jsonpath={.items[*].metadata.name}")).split(" ");
    // Only a pod that callers are connected to has something to lose.
    await expect.poll(() => countCallers(findServer(pod))).toBeGreaterThan(0);
    process.kill(findServer(pod), "SIGKILL");
    await expect
      .poll(() => inNamespace("get", `pod/${pod}`, "-o=jsonpath={.status.containerStatuses[0].restartCount}"))
      .toBe("1");
    await inNamespace("wait", "--for=condition=Ready", `pod/${pod}`, "--timeout=60s");
    const { kept, fresh } = await load.stop();
    const lost = kept.failed + fresh.failed;
    const asked = kept.requests + fresh.requests;
    process.stderr.write(`killed under load: ${lost} of ${asked} requests lost\n`);
    // Requests on their way in that process, and new connections until it is ready again or taken out of the Service: none where it was idle just then.
    expect(lost / asked).toBeLessThan(0.5);
    expect([kept.wrong, fresh.wrong]).toEqual([0, 0]);
  });
});

/**
 * The process of one pod's server, seen from the node: it has number 1 in its container, where no signal from inside reaches it. The kernel kills
 * it from outside in the same way when memory is short.
 */
function findServer(pod: string): number {
  const found = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isServer(name, pod));
  if (found.length !== 1) throw new Error(`${found.length} processes are the server of ${pod}, wanted 1`);
  return Number(found[0]);
}

function isServer(id: string, pod: string): boolean {
  try {
    const hostname = /(?:^|\0)HOSTNAME=([^\0]*)/.exec(readFileSync(`/proc/${id}/environ`, "utf8"))?.[1];
    return hostname === pod && readFileSync(`/proc/${id}/cmdline`, "utf8").includes("server.js");
  } catch {
    // It ended while we looked, or it is not ours to look at.
    return false;
  }
}

/** Established connections to a port that is listened on, in the network of that process; columns as proc(5) has them. */
function countCallers(id: number): number {
  const sockets = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${id}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .map(([, local = "", , state]) => ({ port: local.split(":")[1], state })),
  );
  const doors = new Set(sockets.filter(({ state }) => state === "0A").map(({ port }) => port));
  return sockets.filter(({ port, state }) => state === "01" && doors.has(port)).length;
}
