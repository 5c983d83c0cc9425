/** @file The examples on the cluster, each by `slipway up --target` as its reader types it, and asked as its callers ask: through the Ingress, by a load balancer's address. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { ask, copyExample, type Example, type UpDocument } from "../example.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, kubectlJson, useCluster } from "./use.ts";

let cluster: TestCluster;
const own = `examples-${randomBytes(4).toString("hex")}`;
const namespaces: string[] = [];

beforeAll(async () => {
  cluster = await useCluster();
});
afterAll(async () => {
  for (const name of namespaces)
    await kubectl(cluster, "delete", "namespace", name, "--wait=false", "--ignore-not-found");
});

/** On a namespace of this run: the example's own may be somebody's. */
function upOn(example: Example, namespace: string, context = cluster.context, kubeconfig = cluster.kubeconfig) {
  namespaces.push(namespace);
  return example.up("--target", context, "--kubeconfig", kubeconfig, "--namespace", namespace);
}

describe("intent", () => {
  const example = copyExample("intent");
  const namespace = `${own}-intent`;
  let up: UpDocument;

  beforeAll(async () => {
    up = await upOn(example, namespace);
  });
  afterAll(() => example[Symbol.asyncDispose]());

  test("goes the whole way there, and is verified through the Ingress", () => {
    expect(up.steps.map(({ step }) => step)).toEqual([
      "data",
      "train",
      "gate",
      "artifact",
      "image",
      "deploy",
      "verify",
    ]);
    expect(up.steps.at(-1)!.facts).toMatchObject({ count: 64 });
    expect(up.urls).toEqual([{ kind: "ingress", url: `http://${cluster.ingress}`, reachable: true }]);
  });

  test("Traefik's Ingress leads the old callers' requests to it", async () => {
    const { items } = await kubectlJson<{ items: { spec: { ingressClassName: string } }[] }>(
      cluster,
      "get",
      "ingress",
      "--namespace",
      namespace,
    );
    expect(items.map(({ spec }) => spec.ingressClassName)).toEqual(["traefik"]);
    const asked = async (path: string, body?: string) => {
      const init = body === undefined ? {} : { method: "POST", body };
      return (await fetch(`${up.url}${path}`, init)).text();
    };
    expect(await asked("/predict", '{"text":"Hi"}')).toBe('{"intent":"greeting"}');
    expect(await asked("/health")).toBe('{"status":"ok"}');
    const kserve = "/v1/models/intent-classifier:predict";
    expect(await asked(kserve, '{"instances":["Hi"]}')).toBe('{"predictions":["greeting"]}');
    expect(await asked(kserve, '{"instances":[["Hi"]]}')).toBe('{"predictions":["greeting"]}');
  });
});

describe("intent with a login out of a Secret", () => {
  const example = copyExample("intent");
  const namespace = `${own}-login`;
  afterAll(() => example[Symbol.asyncDispose]());

  test("is verified by that login, and lets nobody else in", async () => {
    const path = join(example.folder, "slipway.config.ts");
    const text = readFileSync(path, "utf8")
      .replace("import { define", "import { basic, define")
      .replace("port: 6000,", "port: 6000,\n    auth: basic(),")
      .replace(/expose: .*\n/, `expose: "loadBalancer",\n`)
      .replace("replicas: 2,", `replicas: 1,\n    env: { ${["username", "password"].map(fromSecret).join(", ")} },`);
    writeFileSync(path, text);
    await kubectl(cluster, "create", "namespace", namespace);
    const literals = ["--from-literal=username=ugain", "--from-literal=password=gänse"];
    await kubectl(cluster, "create", "secret", "generic", "login", "--namespace", namespace, ...literals);
    const up = await upOn(example, namespace);
    expect(up.steps.at(-1)!.facts).toMatchObject({ count: 64 });
    const asked = (headers: Record<string, string>) => ask(`${up.url}/predict`, { text: "Hi" }, headers);
    expect(await asked({})).toMatchObject({ status: 401 });
    const authorization = `Basic ${Buffer.from("ugain:gänse").toString("base64")}`;
    expect(await asked({ authorization })).toMatchObject({ status: 200, body: { intent: "greeting" } });
  });
});

describe("hello, on two clusters by name", () => {
  const example = copyExample("hello");
  const folder = mkdtempSync(join(tmpdir(), "slipway-contexts-"));
  const kubeconfig = join(folder, "config");
  const contexts = { work: `${own}-work`, home: `${own}-home` };
  const urls: Record<string, string> = {};

  beforeAll(async () => {
    writeFileSync(kubeconfig, nameContexts(readFileSync(cluster.kubeconfig, "utf8"), contexts));
    for (const [context, namespace] of Object.entries(contexts)) {
      namespaces.push(namespace);
      urls[context] = (await example.up("--target", context, "--kubeconfig", kubeconfig)).url;
    }
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await example[Symbol.asyncDispose]();
  });

  test("each has its own pods and its own address, and says which machine answers", async () => {
    expect(new Set(Object.values(urls)).size).toBe(2);
    for (const [context, namespace] of Object.entries(contexts)) {
      const pods = (await kubectl(cluster, "get", "pods", "--namespace", namespace, "--output", "name"))
        .trim()
        .split("\n")
        .map((name) => name.replace("pod/", ""));
      expect(pods).toHaveLength(2);
      const { message } = (await ask(`${urls[context]}/test_api`)).body as { message: string };
      const [, client, machine] = /^Hello ([\d.]+), you've reached (.+)$/.exec(message) ?? [];
      expect([client, pods]).toEqual([expect.any(String), expect.arrayContaining([machine])]);
    }
  });

  test("rows come back as they went, by the project's path and by Seldon's", async () => {
    const data = { names: ["a", "b"], tensor: { shape: [2, 2], values: [1, 2, 3, 4] } };
    for (const url of Object.values(urls)) {
      expect((await ask(`${url}/score`, { X: [1, 2] })).body).toEqual({ score: [1, 2] });
      const path = "/seldon/models/hello/api/v0.1/predictions";
      expect(await ask(`${url}${path}`, { data })).toMatchObject({ status: 200, body: { data } });
    }
  });

  test("the contract holds through the load balancer; down by one name leaves the other", async () => {
    const words = ["--contract", "contract.json", "--requests", "20"];
    expect(await example.run("verify", urls["home"]!, ...words)).toMatchObject({ status: 0 });
    const down = await example.run("down", "--target", "work", "--kubeconfig", kubeconfig, "--yes");
    expect(down).toMatchObject({ status: 0 });
    expect((await ask(`${urls["home"]}/score`, { X: [] })).body).toEqual({ score: [] });
    await expect.poll(() => kubectl(cluster, "get", "pods", "--namespace", contexts.work, "--output", "name")).toBe("");
  });
});

function fromSecret(key: string): string {
  return `SECRET_${key.toUpperCase()}: { secret: "login", key: "${key}" }`;
}

/** The same cluster and user under other names, each with a namespace. */
function nameContexts(text: string, namespaceOf: Readonly<Record<string, string>>): string {
  const config = parse(text) as { contexts: { name: string; context: object }[] };
  const { context } = config.contexts.find(({ name }) => name === cluster.context)!;
  const contexts = Object.entries(namespaceOf).map(([name, namespace]) => ({
    name,
    context: { ...context, namespace },
  }));
  return stringify({ ...config, contexts, "current-context": "nobody-asked-for-this" });
}
