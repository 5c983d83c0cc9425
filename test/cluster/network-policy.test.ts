/** @file Our default network policies, as the network enforces them: who comes through and who does not, each by a fresh connection. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { textEntry } from "../../src/image/tar/entry.ts";
import type { NetworkPeer, NetworkRules } from "../../src/project/deploy.ts";
import { toServerObjects } from "../../src/kube/server.ts";
import { toTrainingObjects } from "../../src/kube/training.ts";
import type { KubeObject, ServerRelease, TrainingRun } from "../../src/kube/types.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlApply, kubectlJson, pushTestImage, type TestImage, useCluster, useNamespace } from "./use.ts";

const project = "guarded";
const patient = { timeout: 60_000, interval: 250 };
/** Dropped packets show by silence only: this long is silence. */
const seconds = "3";

let cluster: TestCluster;
let namespace: TestNamespace;
let elsewhere: TestNamespace;
let image: TestImage;

beforeAll(async () => {
  cluster = await useCluster();
  [namespace, elsewhere, image] = await Promise.all([
    useNamespace(cluster, "guarded"),
    useNamespace(cluster, "stranger"),
    pushTestImage(cluster, {
      name: "test/guarded",
      files: ["healthz", "readyz", "index.html"].map((name) => textEntry(`www/${name}`, "hello\n")),
      command: ["/bin/httpd", "-f", "-p", "5000", "-h", "/www"],
    }),
  ]);
  await Promise.all([
    apply(namespace, [
      ...toServerObjects(release()),
      pod("caller"),
      ...trainerObjects(),
      pod("trainer", trainerLabels()),
    ]),
    apply(elsewhere, [pod("stranger")]),
  ]);
  await kubectl(cluster, "rollout", "status", `deployment/${project}`, "--namespace", namespace.name, "--timeout=90s");
  await Promise.all([ready(namespace, "caller"), ready(namespace, "trainer"), ready(elsewhere, "stranger")]);
});
afterAll(() => Promise.all([namespace[Symbol.asyncDispose](), elsewhere[Symbol.asyncDispose]()]));

describe("a server behind an ingress, which pulls its models", () => {
  test("answers callers of its namespace, and the ingress", async () => {
    await expect.poll(() => reach(namespace, "caller", `http://${project}:5000/`), patient).toBe(true);
    const host = `${namespace.name}.guarded.test`;
    await expect.poll(() => ask(`http://${cluster.ingress}/`, host), patient).toBe("200 hello");
  });

  test("is cut off from strangers of another namespace, by its name and by its address", async () => {
    expect(await isCut(elsewhere, "stranger", `http://${project}.${namespace.name}:5000/`)).toBe(true);
    expect(
      await isCut(
        elsewhere,
        "stranger",
        `http://${await addressOf(namespace, `slipway.dev/project=${project}`)}:5000/`,
      ),
    ).toBe(true);
  });

  test("reaches names and the registry, and nothing else", async () => {
    const server = `deployment/${project}`;
    const look = (name: string) => succeedsIn(namespace, server, "nslookup", name);
    await expect.poll(() => look("kubernetes.default.svc.cluster.local"), patient).toBe(true);
    await expect.poll(() => reach(namespace, server, `http://${cluster.registryInside}/v2/`), patient).toBe(true);
    const stranger = await addressOf(elsewhere, "app=stranger");
    expect(await isCut(namespace, server, `http://${stranger}:5000/`)).toBe(true);
    // It is there for others: what is cut is the way.
    expect(await reach(elsewhere, "stranger", `http://${stranger}:5000/`)).toBe(true);
  });
});

test("nobody reaches a trainer, not even its own namespace; it reaches the registry", async () => {
  const address = await addressOf(namespace, "app.kubernetes.io/component=trainer");
  expect(await isCut(namespace, "caller", `http://${address}:5000/`)).toBe(true);
  await expect.poll(() => reach(namespace, "trainer", `http://${cluster.registryInside}/v2/`), patient).toBe(true);
  expect(await isCut(namespace, "trainer", `http://${await addressOf(elsewhere, "app=stranger")}:5000/`)).toBe(true);
});

test("whom the project names comes in, by its namespace's labels", async () => {
  await kubectl(cluster, "label", "namespace", elsewhere.name, "team=friends");
  await apply(namespace, toServerObjects(release({ from: [{ namespace: { team: "friends" } }] })));
  await expect
    .poll(() => reach(elsewhere, "stranger", `http://${project}.${namespace.name}:5000/`), patient)
    .toBe(true);
  await apply(namespace, toServerObjects(release()));
  await expect
    .poll(() => reach(elsewhere, "stranger", `http://${project}.${namespace.name}:5000/`), patient)
    .toBe(false);
});

test("behind a NodePort everybody comes in, through every node", async () => {
  await apply(namespace, toServerObjects({ ...release(), deploy: { ...release().deploy, expose: "nodePort" } }));
  const { spec } = await kubectlJson<{ spec: { ports: { nodePort: number }[] } }>(
    cluster,
    "get",
    `service/${project}`,
    `--namespace=${namespace.name}`,
  );
  for (const { address } of cluster.nodes) {
    const url = `http://${address}:${spec.ports[0]?.nodePort}/`;
    await expect.poll(() => ask(url), patient).toBe("200 hello");
  }
});

function release(network: NetworkRules = {}): ServerRelease {
  // Our own cluster's controller runs on this machine, where no namespace is. Elsewhere it is where it usually is.
  const controller: NetworkPeer[] = [{ cidr: `${cluster.ingress}/32` }];
  return {
    project,
    namespace: namespace.name,
    port: 5000,
    image: { reference: image.reference, pull: "IfNotPresent" },
    model: { name: project, digest: image.digest },
    store: { prefix: `${cluster.registryInside}/models`, insecure: true },
    deploy: {
      expose: { ingress: { class: "traefik", host: `${namespace.name}.guarded.test` } },
      resources: { cpu: "10m", memory: "16Mi" },
      model: { delivery: "registry" },
      network,
    },
    files: {},
    codeDigest: image.digest,
    ...(cluster.parts !== undefined && { ingressFrom: controller }),
  };
}

/** All but the Job: a pod with the labels of its pods takes its place. */
function trainerObjects(): KubeObject[] {
  return toTrainingObjects(run()).filter(({ kind }) => kind !== "Job");
}

function trainerLabels(): Record<string, string> {
  const job = toTrainingObjects(run()).at(-1) as unknown as {
    spec: { template: { metadata: { labels: Record<string, string> } } };
  };
  return job.spec.template.metadata.labels;
}

function run(): TrainingRun {
  return {
    project,
    namespace: namespace.name,
    inputs: image.digest,
    image: { reference: image.reference, pull: "IfNotPresent" },
    store: { prefix: `${cluster.registryInside}/models`, insecure: true },
    deploy: {},
    env: {},
  };
}

/** It serves as well as asks. */
function pod(name: string, labels: Record<string, string> = { app: name }): KubeObject {
  const container = { name, image: image.reference, resources: { requests: { cpu: "10m", memory: "8Mi" } } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  };
}

function apply({ name }: TestNamespace, objects: readonly KubeObject[]): Promise<string> {
  return kubectlApply(cluster, name, objects);
}

function ready({ name }: TestNamespace, which: string): Promise<string> {
  return kubectl(cluster, "wait", "--for=condition=Ready", "--timeout=90s", `pod/${which}`, "--namespace", name);
}

async function addressOf({ name }: TestNamespace, selector: string): Promise<string> {
  return kubectl(
    cluster,
    "get",
    "pods",
    `--namespace=${name}`,
    `--selector=${selector}`,
    "--field-selector=status.phase=Running",
    "--output=jsonpath={.items[0].status.podIP}",
  );
}

function reach(from: TestNamespace, which: string, url: string): Promise<boolean> {
  return succeedsIn(from, which, "timeout", seconds, "wget", "-q", "-O", "/dev/null", url);
}

/** Twice: one silence may be another's fault. */
async function isCut(from: TestNamespace, which: string, url: string): Promise<boolean> {
  const reached = await Promise.all([reach(from, which, url), reach(from, which, url)]);
  return reached.every((each) => !each);
}

function succeedsIn({ name }: TestNamespace, which: string, ...words: string[]): Promise<boolean> {
  return kubectl(cluster, "exec", "--namespace", name, which, "--", ...words).then(
    () => true,
    () => false,
  );
}

/** The body, by a connection of its own. */
function ask(url: string, host?: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = host === undefined ? {} : { host };
  const sent = request(url, { headers, agent: false, timeout: 3000 }, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (more: string) => (body += more));
    response.once("close", () => resolve(`${response.statusCode} ${body.trim()}`));
  });
  sent.once("timeout", () => sent.destroy(new Error(`no answer from ${url} in 3 s`)));
  sent.once("error", reject);
  sent.end();
  return promise;
}
