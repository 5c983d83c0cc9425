/** @file Applying to a real cluster: order, conflicts, pruning, two people at once, and what other tools make of the inventory. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { applyObjects, type ApplyEvent, type ApplyOptions } from "../../src/deploy/cluster/apply.ts";
import { diffObjects } from "../../src/deploy/cluster/diff.ts";
import { readHistory } from "../../src/deploy/cluster/history.ts";
import { inventoryId, parentRef, partOf } from "../../src/deploy/cluster/inventory.ts";
import { openCluster } from "../../src/deploy/cluster/open.ts";
import type { Cluster } from "../../src/deploy/cluster/types.ts";
import { clusterForbidden, fieldConflict, kindUnknown, objectRejected } from "../../src/deploy/errors.ts";
import type { KubeObject } from "../../src/kube/types.ts";
import { versionObjects } from "./_versions.ts";
import { clusterFolder } from "./settings.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlApply, kubectlJson, useCluster, useNamespace } from "./use.ts";

let at: TestCluster;
let cluster: Cluster;
let namespace: TestNamespace;
const project = "applied";

beforeAll(async () => {
  at = await useCluster();
  cluster = await openCluster({ context: at.context, kubeconfig: at.kubeconfig });
});
beforeEach(async () => {
  const fresh = await useNamespace(at, "apply");
  namespace = fresh;
  onTestFinished(() => fresh[Symbol.asyncDispose]());
});
afterAll(() => (cluster as Cluster | undefined)?.close());

const apply = (objects: readonly KubeObject[], options: Partial<ApplyOptions> = {}) =>
  applyObjects(cluster, objects, { project, namespace: namespace.name, ...options });
const name = ({ action, ref }: ApplyEvent) => `${action} ${ref.kind} ${ref.name}`;
const config = (title: string, data: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: title },
  data,
});
const claim: KubeObject = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
};
const deployment = (spec: object): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "idle" },
  spec: {
    ...spec,
    selector: { matchLabels: { app: "idle" } },
    template: {
      metadata: { labels: { app: "idle" } },
      // Nothing is to be scheduled here: only what is stored counts.
      spec: { nodeSelector: { nowhere: "yes" }, containers: [{ name: "main", image: "localhost:5001/nothing:1" }] },
    },
  },
});
const replicasOf = async () =>
  (await kubectlJson<{ spec: { replicas: number } }>(at, "get", "deployment", "idle", "--namespace", namespace.name))
    .spec.replicas;
const inNamespace = (...args: string[]) => kubectl(at, "--namespace", namespace.name, ...args);

test("what is new is created, what changed is changed, what is gone is removed, and a second time nothing happens", async () => {
  await kubectlApply(at, namespace.name, [config("strangers", { a: "1" })]);
  const release = { image: "sha256:1", code: "sha256:2" };
  const first = await apply([config("a", { x: "1" }), config("b", { x: "1" }), claim], { release });
  expect(first.events.map(name).toSorted()).toEqual([
    "created ConfigMap a",
    "created ConfigMap b",
    "created PersistentVolumeClaim data",
  ]);
  const again = await apply([config("a", { x: "1" }), config("b", { x: "1" }), claim], { release });
  expect(new Set(again.events.map(({ action }) => action))).toEqual(new Set(["unchanged"]));
  expect([first.release?.number, again.release?.number]).toEqual([1, 1]);

  const dry = await apply([config("a", { x: "2" })], { dryRun: true });
  const last = await apply([config("a", { x: "2" })], { release: { ...release, image: "sha256:3" } });
  const wanted = ["changed ConfigMap a", "kept PersistentVolumeClaim data", "removed ConfigMap b"];
  expect(last.events.map(name).toSorted()).toEqual(wanted);
  expect(dry.events.map(name).toSorted()).toEqual(wanted);
  expect((await inNamespace("get", "configmaps", "--output=name")).trim().split("\n").toSorted()).toEqual([
    "configmap/a",
    "configmap/kube-root-ca.crt",
    "configmap/slipway-applied",
    "configmap/strangers",
  ]);
  const without = await apply([config("a", { x: "2" })], { volumes: true });
  expect(without.events.map(name)).toContain("removed PersistentVolumeClaim data");
  const history = await readHistory(cluster, { project, namespace: namespace.name });
  expect(history.map(({ number, image, target }) => ({ number, image, target }))).toEqual([
    { number: 1, image: "sha256:1", target: at.context },
    { number: 2, image: "sha256:3", target: at.context },
  ]);
});

test("fields of others are told and left alone, all of them at once, unless they are taken over", async () => {
  await apply([config("a", { mine: "1", shared: "1" }), config("b", { shared: "1" })]);
  await inNamespace("patch", "configmap", "a", "--field-manager=ada", "--patch", '{"data":{"shared":"2"}}');
  await inNamespace("patch", "configmap", "b", "--field-manager=bob", "--patch", '{"data":{"shared":"2"}}');
  const wanted = [config("a", { mine: "2", shared: "3" }), config("b", { shared: "3" })];
  await expect(apply(wanted)).rejects.toMatchObject({
    code: fieldConflict.code,
    exit: 5,
    details: {
      conflicts: [
        { object: `ConfigMap a in namespace ${namespace.name}`, manager: "ada", fields: [".data.shared"] },
        { object: `ConfigMap b in namespace ${namespace.name}`, manager: "bob", fields: [".data.shared"] },
      ],
    },
  });
  const read = async () =>
    JSON.parse(await inNamespace("get", "configmap", "a", "--output=jsonpath={.data}")) as unknown;
  expect(await read()).toEqual({ mine: "1", shared: "2" });
  await apply(wanted, { forceConflicts: true });
  expect(await read()).toEqual({ mine: "2", shared: "3" });
});

test("nothing is changed where one of several objects would be refused", async () => {
  const bad: KubeObject = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "bad" },
    spec: { ports: [{ port: 99_999 }] },
  };
  await expect(apply([config("a", {}), bad])).rejects.toThrow(expect.objectContaining({ code: objectRejected.code }));
  const typo: KubeObject = { ...config("b", {}), dta: {} };
  await expect(apply([config("a", {}), typo])).rejects.toThrow(/field not declared in schema|unknown field/);
  await expect(
    apply([config("a", {}), { apiVersion: "nobody.example/v1", kind: "Thing", metadata: { name: "x" } }]),
  ).rejects.toThrow(expect.objectContaining({ code: kindUnknown.code }));
  expect((await inNamespace("get", "configmaps", "--output=name")).trim()).toBe("configmap/kube-root-ca.crt");
});

test("replicas go to an autoscaler and come back without a fall to one", async () => {
  const scaler: KubeObject = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "idle" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "idle" },
      minReplicas: 1,
      maxReplicas: 9,
    },
  };
  await apply([deployment({ replicas: 4 })]);
  await apply([deployment({}), scaler]);
  expect(await replicasOf()).toBe(4);
  await apply([deployment({}), scaler]);
  expect(await replicasOf()).toBe(4);
  await apply([deployment({ replicas: 2 })]);
  expect(await replicasOf()).toBe(2);
  await inNamespace("scale", "deployment/idle", "--replicas=3");
  await expect(apply([deployment({ replicas: 2 })])).rejects.toThrow(/\.spec\.replicas \(by kubectl\)/);
});

test("a difference is told by fields, with secrets masked", async () => {
  const secret = (value: string): KubeObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    stringData: { key: value },
  });
  await apply([config("a", { x: "1" }), config("b", {}), secret("hunter2")]);
  const differences = await diffObjects(
    cluster,
    [config("a", { x: "2" }), secret("hunter3"), config("c", { y: "1" })],
    {
      project,
      namespace: namespace.name,
    },
  );
  expect(differences.map(({ change, ref }) => `${change} ${ref.kind} ${ref.name}`).toSorted()).toEqual([
    "added ConfigMap c",
    "changed ConfigMap a",
    "changed Secret s",
    "removed ConfigMap b",
  ]);
  expect(differences.find(({ ref }) => ref.name === "a")?.fields).toEqual([
    { path: "data.x", before: "1", after: "2" },
  ]);
  expect(JSON.stringify(differences)).not.toMatch(/hunter|aHVudGVy/);
});

test("kubectl knows the inventory, and leaves one of ours to us", async () => {
  await apply([config("a", {}), config("b", {})]);
  const parent = parentRef(project, namespace.name, "server");
  const id = inventoryId(parent);
  const members = await inNamespace("get", "configmaps", "--selector", `${partOf}=${id}`, "--output=name");
  expect(members.trim().split("\n")).toEqual(["configmap/a", "configmap/b"]);
  // kubectl reads the same labels and annotations, and refuses a set that another tool keeps.
  const args = ["apply", "--server-side", "--filename", "-", "--prune", `--applyset=configmap/${parent.name}`];
  const { stderr } = await runKubectl([...args, "--namespace", namespace.name], JSON.stringify(config("z", {})));
  expect(stderr).toMatch(/slipway/);
  expect(stderr).toMatch(/manage|tooling/);
});

test("somebody who may not do it is told what is missing", async () => {
  await inNamespace("create", "serviceaccount", "ada");
  const whole = JSON.parse(await kubectl(at, "config", "view", "--raw", "--output=json")) as {
    users: object[];
    clusters: object[];
    contexts: { name: string; context: object }[];
  };
  const token = (await inNamespace("create", "token", "ada")).trim();
  const folder = await mkdtemp(join(tmpdir(), "slipway-ada-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const users = [{ name: "ada", user: { token } }];
  const entry = whole.contexts.find((one) => one.name === at.context);
  const contexts = [{ name: "ada", context: { ...entry?.context, user: "ada" } }];
  await writeFile(`${folder}/config`, JSON.stringify({ ...whole, users, contexts }));
  const ada = await openCluster({ context: "ada", kubeconfig: `${folder}/config` });
  onTestFinished(() => ada.close());
  const objects = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }];
  await expect(applyObjects(ada, objects, { project, namespace: namespace.name })).rejects.toMatchObject({
    code: clusterForbidden.code,
    message: expect.stringContaining(`system:serviceaccount:${namespace.name}:ada`) as string,
    mend: expect.stringMatching(
      `kubectl --context ada auth can-i (get|patch) configmap/a --namespace ${namespace.name}`,
    ) as string,
  });
});

describe("two people at once", () => {
  const start = (version: string, rounds: number) => {
    const args = [at.kubeconfig, at.context, namespace.name, project, version, String(rounds)];
    const child = spawn(process.execPath, [fileURLToPath(new URL("_apply-process.ts", import.meta.url)), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  const readVersions = async () => {
    const { items } = await kubectlJson<{ items: { metadata: { name: string }; data: { version: string } }[] }>(
      at,
      "get",
      "configmaps",
      "--selector",
      `${partOf}=${inventoryId(parentRef(project, namespace.name, "server"))}`,
      "--namespace",
      namespace.name,
    );
    return items.map(({ metadata, data }) => ({ name: metadata.name, version: data.version }));
  };

  test("the end is one person's version, whole, and the history has each once", async () => {
    const children = [start("a", 6), start("b", 6)];
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0] as number));
    expect(codes).toEqual([0, 0]);
    const history = await readHistory(cluster, { project, namespace: namespace.name });
    expect(history.map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(history.map(({ image }) => image).toSorted()).toEqual(
      ["a", "b"].flatMap((who) => [0, 1, 2, 3, 4, 5].map((n) => who + n)),
    );
    const last = history.at(-1)!.image;
    expect(await readVersions()).toEqual(
      ["only-" + last, "v-a", "v-b", "v-c", "v-d", "v-e"].map((title) => ({ name: title, version: last })),
    );
  });

  test("one that is killed in the middle does not keep the other out, and the end is whole", async () => {
    const killed = start("dead", 50);
    await once(killed.stdout, "data");
    killed.kill("SIGKILL");
    const waits: string[] = [];
    const objects = versionObjects("last");
    await apply(objects, { release: { image: "last", code: "c" }, onWait: (text) => waits.push(text) });
    const versions = await readVersions();
    expect(new Set(versions.map(({ version }) => version))).toEqual(new Set(["last"]));
    expect(versions.map((one) => one.name)).not.toContain("only-dead0");
  });
});

async function runKubectl(args: readonly string[], input: string): Promise<{ stderr: string }> {
  const program = `${clusterFolder()}/bin/kubectl`;
  const child = spawn(program, ["--kubeconfig", at.kubeconfig, "--context", at.context, ...args], {
    env: { ...process.env, KUBECTL_APPLYSET: "true" },
    stdio: ["pipe", "ignore", "pipe"],
  });
  child.stdin.end(input);
  let stderr = "";
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
  await once(child, "close");
  return { stderr };
}
