/** @file The digits on the cluster as their old callers had them: trained on the nodes for it, asked at port 5000, drawn on a page of its own. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyExample, type UpDocument } from "../example.ts";
import { askThrough, type Told } from "./ask.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, kubectlJson, useCluster } from "./use.ts";

/** In a namespace and under a name of this run: what the registry has of the digits is not trained again. */
const name = `digits-${randomBytes(4).toString("hex")}`;
const example = copyExample("digits");
const token = randomBytes(16).toString("hex");
let cluster: TestCluster;
let up: UpDocument;

beforeAll(async () => {
  cluster = await useCluster();
  await kubectl(cluster, "create", "namespace", name);
  await kubectl(
    cluster,
    "create",
    "secret",
    "generic",
    "digits-control",
    `--from-literal=token=${token}`,
    `--namespace=${name}`,
  );
  edit((text) =>
    text
      .replace(`name: "digits"`, `name: "${name}"`)
      .replace("epochs: 32", "epochs: 4")
      .replace("atLeast: 0.98", "atLeast: 0.95"),
  );
  up = await example.up(...target());
});
afterAll(async () => {
  await kubectl(cluster, "delete", "namespace", name, "--wait=false", "--ignore-not-found");
  await example[Symbol.asyncDispose]();
});

test("one command goes the whole way, with the 5,001 images", () => {
  const way = ["data", "train", "gate", "artifact", "image", "deploy", "verify"];
  expect(up.steps.map(({ step }) => step)).toEqual(way);
  // The image that trained serves as well: it was sent for the Job already.
  expect(up.steps.filter(({ outcome }) => outcome === "kept").map(({ step }) => step)).toEqual(["image"]);
  const { accuracy } = up.steps[1]!.facts["metrics"] as { accuracy: number };
  expect(up.steps.at(-1)!.facts).toMatchObject({ count: 1000, correct: Math.round(accuracy * 1000) });
});

test("training ran in a Job on a node that is labelled for it, with a persistent volume", async () => {
  const { items } = await kubectlJson<{ items: Pod[] }>(
    cluster,
    "get",
    "pods",
    `--namespace=${name}`,
    "--selector=batch.kubernetes.io/job-name",
  );
  const allowed = await kubectl(cluster, "get", "nodes", "--selector", "training=allowed", "--output", "name");
  expect(items.map(({ spec, status }) => [`node/${spec.nodeName}`, status.phase])).toEqual([
    [allowed.trim(), "Succeeded"],
  ]);
  const claims = items[0]!.spec.volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
  const { status } = await kubectlJson<Claim>(cluster, "get", "persistentvolumeclaim", claims[0]!, "--namespace", name);
  expect([claims.length, status.phase, status.capacity.storage]).toEqual([1, "Bound", "1Gi"]);
});

test("right digits come through the load balancer, at port 5000", async () => {
  expect(new URL(up.url).port).toBe("5000");
  expect(up.urls![0]).toMatchObject({ kind: "loadBalancer", reachable: true });
  const answers = await askDigits(hostOf(up.url));
  expect(answers.filter(({ body }, digit) => body["prediction"] === digit).length).toBeGreaterThanOrEqual(9);
  expect(new Set(answers.map(({ digest }) => digest))).toEqual(new Set([up.digest]));
  expect(await (await fetch(`${up.url}/index`)).text()).toContain(up.digest);
});

test("the page to draw on has a Service of its own, at port 32042 of every node", async () => {
  const { spec } = await kubectlJson<Service>(cluster, "get", "service", "digits-page", "--namespace", name);
  expect([spec.type, spec.ports.map(({ nodePort }) => nodePort)]).toEqual(["NodePort", [32_042]]);
  for (const { address } of cluster.nodes) {
    const page = await fetch(`http://${address}:32042/`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    // What the page asks when somebody has drawn.
    const form = new FormData();
    form.append("image", new Blob([readFileSync(fileOf(0))]), "0.jpg");
    const answer = await fetch(`http://${address}:32042/playground/predict`, { method: "POST", body: form });
    expect(await answer.json()).toMatchObject({ label: "0" });
  }
});

test("/refresh takes the champion of now, for those alone who have the token", async () => {
  const { host } = new URL(up.url);
  for (const headers of [{}, { authorization: "Bearer guess" }, { authorization: "Basic dWdhaW46dWdhaW4=" }])
    expect((await fetch(`http://${host}/refresh`, { headers })).status).toBe(403);
  edit((text) => text.replace("epochs: 4", "epochs: 5").replace("audit: labelAudit(),", ""));
  const { status, stdout } = await example.run("train", ...target(), "--json");
  const { digest } = JSON.parse(stdout) as { digest: string };
  expect([status, digest]).toEqual([0, expect.not.stringContaining(up.digest)]);
  const answer = await fetch(`http://${host}/refresh`, { headers: { authorization: `Bearer ${token}` } });
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ digest })]);
});

interface Pod {
  spec: { nodeName: string; volumes: { persistentVolumeClaim?: { claimName: string } }[] };
  status: { phase: string };
}

interface Claim {
  status: { phase: string; capacity: { storage: string } };
}

interface Service {
  spec: { type: string; ports: { nodePort?: number }[] };
}

function target(): string[] {
  return ["--target", cluster.context, "--kubeconfig", cluster.kubeconfig, "--namespace", name];
}

function edit(change: (text: string) => string): void {
  const path = join(example.folder, "slipway.config.ts");
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

function hostOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** One image of each digit. */
async function askDigits(place: { host: string; port: number }): Promise<Told[]> {
  const agent = new Agent({ keepAlive: true });
  const files = Array.from({ length: 10 }, (_, digit) => fileOf(digit));
  const ask = (file: string) => askThrough({ ...place, name: undefined, agent, path: "/predict", file });
  const answers = await Promise.all(files.map(ask));
  agent.destroy();
  return answers;
}

function fileOf(digit: number): string {
  const folder = join(example.folder, "data", String(digit));
  return join(folder, readdirSync(folder).toSorted()[0]!);
}
