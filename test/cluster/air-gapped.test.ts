/**
 * @file A cluster without a registry, as a person with a namespace there meets it: images go into the nodes' containerd, models in the image or on a volume.
 * The cluster of the tests has a registry; the one whom these commands run as may not read where (kube-public/local-registry-hosting), no project
 * here names one, no pod is let out to it, and in the end it is asked whether it was given anything.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openExample, type Example, type UpDocument } from "../example.ts";
import { command, systemPath } from "./command.ts";
import { makeTestProject, type TestProject } from "./project.ts";
import { useTenant, type Tenant } from "./tenant.ts";
import type { TestCluster, TestNamespace } from "./types.ts";
import { kubectl, kubectlJson, useCluster, useNamespace } from "./use.ts";

const cluster: TestCluster = await useCluster();
const [first, second] = cluster.nodes;
const into = cluster.nodes.map(({ containerdSocket }) => `containerd:${containerdSocket}`);
const small = `resources: { cpu: "100m", memory: "200Mi" }`;

describe.skipIf(first?.containerdSocket === undefined)("without a registry", () => {
  let namespace: TestNamespace;
  let tenant: Tenant;
  let project: TestProject;
  let example: Example;
  let up: UpDocument;

  const at = (): string[] => ["--target", tenant.context, "--kubeconfig", tenant.kubeconfig];
  /** Writes the project anew, with another model to be trained. */
  const write = async (seed: number, deploy: string): Promise<void> => {
    await project.withSeed(seed);
    const path = join(project.folder, "slipway.config.ts");
    writeFileSync(path, readFileSync(path, "utf8").replace(/ {2}deploy: .*,\n/, `  deploy: ${deploy},\n`));
  };
  const json = async <T>(...words: string[]): Promise<T> => {
    const { status, stdout, stderr } = await example.run(...words, ...at(), "--json");
    if (status !== 0) throw new Error(`slipway ${words.join(" ")} ended with ${status}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  };
  const outcomes = ({ steps }: UpDocument) => Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));
  const factsOf = ({ steps }: UpDocument, name: string) => steps.find(({ step }) => step === name)?.facts ?? {};

  beforeAll(async () => {
    namespace = await useNamespace(cluster, "air");
    tenant = await useTenant(cluster, namespace.name);
    project = makeTestProject(`{ ${small} }`);
    await project.withSeed(1);
    example = openExample(project.folder);
  });
  afterAll(async () => {
    for (const { containerdSocket } of cluster.nodes) await removeImages(containerdSocket!, project.name);
    (tenant as Tenant | undefined)?.[Symbol.dispose]();
    await (namespace as TestNamespace | undefined)?.[Symbol.asyncDispose]();
    (project as TestProject | undefined)?.[Symbol.dispose]();
  });

  test("what is missing on the way is told before anything is trained", async () => {
    const nothing = await example.run("up", ...at());
    expect(nothing.status).toBe(5);
    expect(nothing.stderr).toContain("kube-public/local-registry-hosting may not be read with these credentials");
    expect(nothing.stderr).toContain("deploy: { import: … }");

    const missing = join(project.folder, "nobody.sock");
    const nobody = await example.run("up", ...at(), "--import", `containerd:${missing}`);
    expect(nobody.status).toBe(5);
    expect(nobody.stderr).toContain(`there is no containerd at ${missing}`);

    const stranger = openExample(project.folder, await denyContainerd(join(project.folder, "..", "bin")));
    const { status, stderr } = await stranger.run("up", ...at(), "--import", into[0]!);
    expect(status).toBe(5);
    expect(stderr).toMatch(/does not let you in: .*permission denied/s);
    expect(stderr).toContain("run the same command as root");

    await write(1, `{ import: ${JSON.stringify(into)}, model: { delivery: "registry" } }`);
    const followed = await example.run("up", ...at());
    expect(followed.status).toBe(2);
    expect(followed.stderr).toContain("SLIPWAY_WAY_FOLLOW_NEEDS_REGISTRY");
    expect(existsSync(join(project.folder, ".slipway", "store"))).toBe(false);
  });

  test("up brings the image into the nodes, a second one does nothing, and of the next model the model alone is sent", async () => {
    const deploy = `{ import: ${JSON.stringify(into)}, replicas: 2, expose: "loadBalancer", ${small} }`;
    await write(1, deploy);
    up = await json<UpDocument>("up");
    expect(up.steps.map(({ step }) => step)).toEqual([
      "data",
      "train",
      "gate",
      "artifact",
      "image",
      "deploy",
      "verify",
    ]);
    const pods = await listPods(namespace.name, "server");
    expect(new Set(pods.map(({ spec }) => spec.nodeName))).toEqual(new Set([first!.name, second!.name]));
    for (const { spec } of pods)
      expect(spec.containers).toMatchObject([
        { image: expect.stringMatching(`^slipway\\.local/${project.name}:[0-9a-f]{12}$`), imagePullPolicy: "Never" },
      ]);

    expect(outcomes(await json<UpDocument>("up"))).toMatchObject({
      train: "kept",
      artifact: "kept",
      image: "kept",
      deploy: "kept",
      verify: "kept",
    });

    await write(2, deploy);
    const next = await json<UpDocument>("up");
    expect(next.digest).not.toBe(up.digest);
    const { sent, size } = factsOf(next, "image") as { sent: number; size: number };
    expect(sent).toBeGreaterThan(0);
    // Into two nodes.
    expect(sent).toBeLessThan(0.02 * size * 2);
    const answer = await fetch(`${next.url}/readyz`);
    expect(answer.headers.get("x-model-digest")).toBe(next.digest);
    up = next;
  });

  test("status, history, logs and predict know it as any other", async () => {
    const [status, history, lines, [answer]] = await Promise.all([
      json("status"),
      json("history"),
      json<{ line: string }[]>("logs"),
      json<{ label: string }[]>("predict", project.image.path),
    ]);
    expect(status).toMatchObject({ state: "running", release: 2, model: up.digest, findings: [] });
    expect(history).toMatchObject([{ number: 2, model: up.digest }, { number: 1 }]);
    expect(lines.map(({ line }) => (JSON.parse(line) as { msg: string }).msg)).toContain("ready");
    expect(["circle", "square", "triangle"]).toContain(answer?.label);
  });

  test("a Job trains on the dataset that lies in its image; a node that lacks the image is named, and goes on once it is brought there", async () => {
    const settings = (to: readonly string[]): string =>
      `{
      import: ${JSON.stringify(to)}, expose: "loadBalancer", ${small},
      model: { delivery: "volume", every: 1 },
      train: { volume: { size: "100Mi" }, nodes: { "kubernetes.io/hostname": "${second!.name}" }, resources: { cpu: "100m", memory: "512Mi" } },
    }`.replaceAll(/\n\s*/g, " ");
    await write(3, settings(into.slice(0, 1)));
    const { status, stderr } = await example.run("up", ...at());
    expect(status).toBe(5);
    expect(stderr).toMatch(new RegExp(`slipway\\.local/${project.name}:\\w+ is not on the node ${second!.name}`));
    expect(stderr).toContain("deploy.import (or --import)");
    // The release before serves on.
    expect((await fetch(`${up.url}/readyz`)).headers.get("x-model-digest")).toBe(up.digest);

    await write(3, settings(into));
    const there = await json<UpDocument>("up");
    expect(there.digest).not.toBe(up.digest);
    expect(outcomes(there)).toMatchObject({ train: "done", verify: "done" });
    const [trainer, ...others] = await listPods(namespace.name, "trainer");
    // The Job that waited was made anew with the new settings; its pod went with it.
    expect(others).toEqual([]);
    expect(trainer?.spec.containers).toMatchObject([{ imagePullPolicy: "Never" }]);
    const { env = [] } = trainer?.spec.containers[0] ?? {};
    expect(env).toContainEqual({ name: "SLIPWAY_DATASET", value: "/app/data" });
    expect(outcomes(await json<UpDocument>("up"))).toMatchObject({ train: "kept", deploy: "kept", verify: "kept" });
  });

  test("nobody was let out to a registry, none got anything, and down leaves nothing", async () => {
    const { items } = await kubectlJson<{ items: { spec: { egress: { to?: object }[] } }[] }>(
      cluster,
      "get",
      "networkpolicies",
      "--namespace",
      namespace.name,
    );
    // Of the server and of the trainer: to resolve names, and nowhere.
    expect(items.map(({ spec }) => spec.egress.length)).toEqual([1, 1]);
    for (const path of [project.name, `models/${project.name}`, `datasets/${project.name}`])
      expect((await fetch(`http://${cluster.registry}/v2/${path}/tags/list`)).status).toBe(404);

    await json("down", "--volumes", "--yes");
    const kinds =
      "deployments,replicasets,jobs,pods,services,configmaps,persistentvolumeclaims,networkpolicies,serviceaccounts";
    const left = await kubectl(cluster, "get", kinds, "--namespace", namespace.name, "--output=name");
    expect(left.trim().split("\n").toSorted()).toEqual([
      "configmap/kube-root-ca.crt",
      "serviceaccount/default",
      "serviceaccount/tenant",
    ]);
  });
});

interface FoundPod {
  spec: { nodeName: string; containers: { image: string; env?: { name: string; value?: string }[] }[] };
}

async function listPods(namespace: string, component: string): Promise<FoundPod[]> {
  const selector = `--selector=app.kubernetes.io/component=${component}`;
  return (await kubectlJson<{ items: FoundPod[] }>(cluster, "get", "pods", selector, "--namespace", namespace)).items;
}

/** An environment in which `ctr` is run as a user whom the socket's owner does not let in. `folder` is made for it. */
async function denyContainerd(folder: string): Promise<Record<string, string>> {
  mkdirSync(folder);
  const ctr = (await command("sh", ["-c", "command -v ctr"])).trim();
  const path = join(folder, "ctr");
  writeFileSync(path, `#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups ${ctr} "$@"\n`);
  chmodSync(path, 0o755);
  return { PATH: [folder, systemPath()].join(delimiter) };
}

async function removeImages(socket: string, project: string): Promise<void> {
  const ctr = (...words: string[]) => command("ctr", ["-a", socket, "-n", "k8s.io", "images", ...words]);
  const names = (await ctr("ls", "-q")).split("\n").filter((name) => name.startsWith(`slipway.local/${project}:`));
  if (names.length > 0) await ctr("rm", ...names);
}
