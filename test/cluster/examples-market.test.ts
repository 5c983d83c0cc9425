/**
 * @file The market on the cluster, as its reader types it: images in the nodes' containerd and models on a volume, so that no registry takes part (where
 * the nodes can be reached so); retrained by the CronJob, followed without a lost request.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askAllTheTime, askServedDigest } from "../callers.ts";
import { ask, copyExample, type UpDocument } from "../example.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlJson, useCluster, useNamespace } from "./use.ts";

const patient = { timeout: 150_000, interval: 500 };
const example = copyExample("market");
const cluster: TestCluster = await useCluster();
const sockets = cluster.nodes.flatMap(({ containerdSocket: at }) => (at === undefined ? [] : [`containerd:${at}`]));
let namespace: TestNamespace;
let up: UpDocument;

beforeAll(async () => {
  namespace = await useNamespace(cluster, "market");
  // Runs are made by hand here: the clock must not come between.
  edit("slipway.config.ts", "*/5 * * * *", "0 0 1 1 *");
  // Runs of these names see other prices than the first: easier ones, and nearly the same.
  edit(
    "sample.ts",
    "momentum = 0.15",
    'momentum = { easier: 0.6, other: 0.1501 }[hostname().split("-")[0] ?? ""] ?? 0.15',
  );
  edit("sample.ts", "export interface Price", 'import { hostname } from "node:os";\nexport interface Price');
  edit("slipway.config.ts", "every: 5 }", "every: 1 }");
  up = await example.up(...upWords());
});
afterAll(async () => {
  await (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]();
  await example[Symbol.asyncDispose]();
});

test("goes the whole way there; the old callers' port of any node answers", async () => {
  expect(up.steps.map(({ step }) => step)).toEqual([
    "train",
    "gate",
    "artifact",
    "image",
    "deploy",
    "schedule",
    "verify",
  ]);
  for (const { address } of cluster.nodes) {
    const answer = await ask(`http://${address}:30951/predictionForTomorrow?threshold=0.25`);
    expect(answer).toMatchObject({
      status: 200,
      body: { threshold: 0.25, model_source: "store", model_alias: "champion", sample: true },
    });
  }
});

test("runs of the CronJob: one that is not better changes nothing, one that is is followed without a restart or a lost request", async () => {
  const pods = await listPods();
  const asking = new AbortController();
  const predictions = `${url()}/predictionForTomorrow`;
  const outcome = askAllTheTime(predictions, { callers: 2, pauseMs: 5, signal: asking.signal });
  await runByHand("other");
  // Two looks at the alias and more.
  await sleep(3000);
  expect(await servedDigest()).toBe(up.digest);
  await runByHand("easier");
  await expect.poll(servedDigest, patient).not.toBe(up.digest);
  const digest = await servedDigest();
  const told = await example.run("status", ...targetWords(), "--json");
  expect(JSON.parse(told.stdout)).toMatchObject({ state: "running", model: digest });
  asking.abort();
  const { answers, failed } = await outcome;
  expect(failed).toEqual([]);
  expect(new Set(answers.keys())).toEqual(new Set([up.digest, digest]));
  expect(await listPods()).toEqual(pods);

  // The champion is another one than the first command's: the same command finds it, and has nothing to do.
  const again = await example.up(...upWords());
  expect(again.digest).toBe(digest);
  const outcomes = Object.fromEntries(again.steps.map((one) => [one.step, one.outcome]));
  expect(outcomes).toMatchObject({ train: "kept", artifact: "kept", image: "kept", schedule: "kept", verify: "done" });
  expect(await listPods()).toEqual(pods);
});

/** Without a registry: pods name an image that no other place has. */
test.skipIf(sockets.length === 0)("every pod runs an image that was imported into its node", async () => {
  interface Found {
    items: { spec: { containers: { image: string; imagePullPolicy: string }[] } }[];
  }
  const { items } = await kubectlJson<Found>(cluster, "get", "pods", "--namespace", namespace.name);
  const containers = items.flatMap(({ spec }) => spec.containers);
  // Three experiments by the command and three by each run of the schedule, beside the server.
  expect(containers).toHaveLength(10);
  for (const { image, imagePullPolicy } of containers)
    expect({ image, imagePullPolicy }).toEqual({
      image: expect.stringMatching(/^slipway\.local\/market:/) as string,
      imagePullPolicy: "Never",
    });
});

function targetWords(): string[] {
  const { context, kubeconfig } = cluster;
  return ["--target", context, "--kubeconfig", kubeconfig, "--namespace", namespace.name];
}

function upWords(): string[] {
  return ["--sample", ...targetWords(), ...(sockets.length === 0 ? [] : ["--import", sockets.join(",")])];
}

const url = () => `http://${cluster.nodes[0]!.address}:30951`;
const servedDigest = () => askServedDigest(url());

async function runByHand(name: string): Promise<void> {
  const at = ["--namespace", namespace.name];
  await kubectl(cluster, "create", "job", name, "--from=cronjob/market-train", ...at);
  await kubectl(cluster, "wait", `job/${name}`, "--for=condition=complete", "--timeout=150s", ...at);
}

/** Of the server's pods: their names and how often each was started. */
async function listPods(): Promise<string[]> {
  const labels = "--selector=app.kubernetes.io/component=server";
  const { items } = await kubectlJson<{
    items: { metadata: { name: string }; status: { containerStatuses: { restartCount: number }[] } }[];
  }>(cluster, "get", "pods", labels, "--namespace", namespace.name);
  return items.map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses[0]?.restartCount}`);
}

function edit(file: string, from: string, to: string): void {
  const path = join(example.folder, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}
