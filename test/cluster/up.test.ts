/** @file `slipway up --target` as a process of its own, from nothing to a verified endpoint, and what happens when something is killed on the way. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { askThrough } from "./ask.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, kubectlJson, useCluster } from "./use.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const digits = fileURLToPath(new URL("../../examples/digits/data", import.meta.url));
const results = fileURLToPath(new URL("../../tmp/cluster-up.json", import.meta.url));
const perLabel = 60;

interface Step {
  step: string;
  outcome: "done" | "kept";
  seconds: number;
  facts: Record<string, unknown>;
}

interface UpDocument {
  digest: string;
  url: string;
  urls: { kind: string; url: string; reachable: boolean }[];
  steps: Step[];
}

let cluster: TestCluster;
const home = mkdtempSync(join(tmpdir(), "slipway-up-"));
const namespaces: string[] = [];
const started: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await useCluster();
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  for (const name of namespaces)
    await kubectl(cluster, "delete", "namespace", name, "--wait=false", "--ignore-not-found");
});

describe("from nothing", () => {
  let project: MadeProject;
  let first: UpDocument;

  beforeAll(async () => {
    project = makeProject({ epochs: 12, expose: true });
    first = await up(project);
  });

  test("all steps are done, on the cluster", () => {
    expect(first.steps.map(({ step, outcome }) => [step, outcome])).toEqual(
      ["data", "train", "gate", "artifact", "image", "deploy", "verify"].map((step) => [step, "done"]),
    );
    expect(first.urls[0]).toMatchObject({ kind: "loadBalancer", url: first.url, reachable: true });
    expect(first.urls.map(({ kind }) => kind).toSorted()).toEqual(["gateway", "ingress", "loadBalancer", "nodePort"]);
  });

  test("right digits come through the NodePort, the LoadBalancer's address, the Ingress and the HTTPRoute", async () => {
    const services = await kubectlJson<{ items: ServiceObject[] }>(cluster, "get", "services", "-n", project.name);
    const nodePort = services.items.find(({ spec }) => spec.type === "NodePort")?.spec.ports[0]?.nodePort ?? 0;
    const ways = {
      nodePort: { host: cluster.nodes[0]?.address ?? "", port: nodePort, name: undefined },
      loadBalancer: { ...hostOf(first.url), name: undefined },
      ingress: { host: cluster.ingress, port: 80, name: `${project.name}.ingress.test` },
      gateway: { host: cluster.ingress, port: 80, name: `${project.name}.route.test` },
    };
    const images = listImages(project).slice(0, 40);
    const told: Record<string, { right: number; digests: string[] }> = {};
    for (const [way, place] of Object.entries(ways)) {
      const agent = new Agent({ keepAlive: true });
      const answers = await Promise.all(
        images.map(({ path }) => askThrough({ ...place, agent, path: "/predict", file: path })),
      );
      agent.destroy();
      told[way] = {
        right: answers.filter(({ body }, index) => body["prediction"] === images[index]?.digit).length,
        digests: [...new Set(answers.map(({ digest }) => digest))],
      };
    }
    const right = told["nodePort"]?.right ?? 0;
    expect(right).toBeGreaterThanOrEqual(32);
    const same = { right, digests: [first.digest] };
    expect(told).toEqual({ nodePort: same, loadBalancer: same, ingress: same, gateway: same });
  });

  test("again, nothing is done", async () => {
    const again = await up(project);
    expect(again.digest).toBe(first.digest);
    const kept = again.steps.filter(({ outcome }) => outcome === "kept").map(({ step }) => step);
    expect(kept).toEqual(["train", "artifact", "image", "deploy", "verify"]);
  });

  test("a dry run tells the change of one parameter and changes nothing", async () => {
    project.write({ epochs: 13, expose: true });
    const before = await kubectl(cluster, "get", "all", "-n", project.name, "-o", "name");
    const { steps, objects } = await slipway<{ steps: string[]; objects: { kind: string; action: string }[] }>(
      project,
      "up",
      "--dry-run",
    );
    expect(steps).toEqual([expect.stringMatching(/^train by the Job /)]);
    expect(objects.filter(({ action }) => action !== "unchanged").map(({ kind, action }) => [kind, action])).toEqual([
      ["Deployment", "changed"],
    ]);
    expect(await kubectl(cluster, "get", "all", "-n", project.name, "-o", "name")).toBe(before);
  });

  test("with one parameter changed, another model is trained and served", async () => {
    project.write({ epochs: 13, expose: true });
    const clock = performance.now();
    const next = await up(project);
    const seconds = (performance.now() - clock) / 1000;
    expect(next.digest).not.toBe(first.digest);
    const training = Number(next.steps.find(({ step }) => step === "train")?.facts["durationSeconds"]);
    const [image] = listImages(project);
    const agent = new Agent();
    const answer = await askThrough({
      ...hostOf(next.url),
      name: undefined,
      agent,
      path: "/predict",
      file: image!.path,
    });
    expect(answer.digest).toBe(next.digest);
    // How long it takes depends on what else the machine does: noted, not judged here.
    const steps = Object.fromEntries(next.steps.map(({ step, seconds: of }) => [step, of]));
    mkdirSync(join(results, ".."), { recursive: true });
    writeFileSync(
      results,
      `${JSON.stringify({ seconds, training, besides: seconds - training, steps }, undefined, 2)}\n`,
    );
  });
});

describe("when something is killed while the Job trains", () => {
  test("a terminal: the Job trains on, and the next one watches it to the end", async () => {
    // Long enough for a second command to come and go.
    const project = makeProject({ epochs: 250, expose: false });
    const child = start(project, "up");
    await waitForTraining(project, child);
    const [job] = await listJobs(project);
    // A second terminal watches the same Job; its Ctrl-C ends the watching alone.
    const second = start(project, "up", "--json", "--verbose");
    await heard(second, "epoch ");
    second.kill("SIGINT");
    const { status, stdout } = await ending(second);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect({ status, code: error.code }).toEqual({ status: 130, code: "SLIPWAY_WAY_JOB_GOES_ON" });
    expect(error.message).toContain(job?.metadata.name);
    child.kill("SIGKILL");
    const end = await up(project);
    const jobs = await listJobs(project);
    // Not another Job, and not another try of this one: the same model came of it.
    expect(jobs.map(({ metadata }) => metadata.uid)).toEqual([job?.metadata.uid]);
    expect(jobs[0]?.status.failed ?? 0).toBe(0);
    expect(end.steps.find(({ step }) => step === "train")).toMatchObject({ outcome: "done" });
    expect(end.steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
  });

  test("its pod: another one trains, and the way ends right", async () => {
    // Long enough to be found at it; the next one begins anew.
    const project = makeProject({ epochs: 100, expose: false });
    const child = start(project, "up", "--json");
    await waitForTraining(project, child);
    const [pod] = await listPods(project);
    await kubectl(cluster, "delete", "pod", pod ?? "", "-n", project.name, "--grace-period=0", "--force");
    const { status, stdout } = await ending(child);
    expect({ status, stdout: status === 0 ? "" : stdout }).toEqual({ status: 0, stdout: "" });
    const end = JSON.parse(stdout) as UpDocument;
    expect(end.steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
    expect(await listPods(project)).not.toContain(pod);
  });
});

interface Settings {
  epochs: number;
  /** In all four ways at once. */
  expose: boolean;
}

interface MadeProject {
  folder: string;
  /** Of the project, and of its namespace, which `up` makes. */
  name: string;
  write(settings: Settings): void;
}

/** A few of the digits; their files are those of the example. */
function makeProject(settings: Settings): MadeProject {
  const name = `up-${randomBytes(4).toString("hex")}`;
  const folder = join(home, name);
  for (const label of readdirSync(digits)) {
    mkdirSync(join(folder, "data", label), { recursive: true });
    for (const file of readdirSync(join(digits, label)).toSorted().slice(0, perLabel))
      cpSync(join(digits, label, file), join(folder, "data", label, file));
  }
  namespaces.push(name);
  const write = (changed: Settings): void =>
    writeFileSync(join(folder, "slipway.config.ts"), describeProject(name, changed));
  write(settings);
  return { folder, name, write };
}

function describeProject(name: string, { epochs, expose }: Settings): string {
  const ways = [
    { service: "nodePort" },
    { service: "loadBalancer", name: `${name}-out`, port: 80 },
    { ingress: { host: `${name}.ingress.test`, class: "traefik" } },
    { gateway: { name: "traefik", namespace: "traefik", host: `${name}.route.test` } },
  ];
  return `
import { defineProject, image } from "slipway";
import { imageFolder } from "slipway/data";
import { adam, conv, dense, flatten, maxPool, relu, sequential } from "slipway/train";

export default defineProject({
  name: ${JSON.stringify(name)},
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: sequential({
    layers: [conv(16, 3), relu(), maxPool(2), flatten(), dense(64), relu(), dense(10)],
    optimizer: adam({ rate: 0.003 }), epochs: ${epochs}, workers: 1,
  }),
  gate: { accuracy: { atLeast: 0.5 } },
  serve: { routes: { "POST /predict": { input: { file: image() }, output: ({ label }) => ({ prediction: Number(label) }) } } },
  deploy: {
    namespace: ${JSON.stringify(name)},
    replicas: 2,
    expose: ${JSON.stringify(expose ? ways : "loadBalancer")},
    resources: { cpu: "100m", memory: "200Mi" },
    train: { nodes: { training: "allowed" }, resources: { cpu: "200m", memory: "1Gi" } },
  },
});
`;
}

function start(project: MadeProject, ...words: string[]): ChildProcess {
  const [command = "", ...more] = words;
  const child = spawn(
    process.execPath,
    [main, command, project.folder, "--target", cluster.context, "--kubeconfig", cluster.kubeconfig, ...more],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1", PORT: "" } },
  );
  started.push(child);
  return child;
}

/** Until the program's own progress tells it. */
async function heard(child: ChildProcess, text: string): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => (said += piece));
  await expect.poll(() => said, { timeout: 60_000, interval: 200 }).toContain(text);
}

async function ending(child: ChildProcess): Promise<{ status: number | null; stdout: string }> {
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.resume();
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, stdout };
}

async function slipway<T>(project: MadeProject, ...words: string[]): Promise<T> {
  const { status, stdout } = await ending(start(project, ...words, "--json"));
  if (status !== 0) throw new Error(`slipway ${words.join(" ")} ended with ${status}: ${stdout}`);
  return JSON.parse(stdout) as T;
}

function up(project: MadeProject): Promise<UpDocument> {
  return slipway<UpDocument>(project, "up");
}

interface JobObject {
  metadata: { name: string; uid: string };
  status: { active?: number; failed?: number; succeeded?: number };
}

interface ServiceObject {
  spec: { type: string; ports: { nodePort?: number }[] };
}

async function listJobs({ name }: MadeProject): Promise<JobObject[]> {
  return (await kubectlJson<{ items: JobObject[] }>(cluster, "get", "jobs", "-n", name)).items;
}

async function listPods({ name }: MadeProject): Promise<string[]> {
  const found = await kubectl(cluster, "get", "pods", "-n", name, "-l", "batch.kubernetes.io/job-name", "-o", "name");
  return found
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace("pod/", ""));
}

/** Until its pod tells of an epoch. */
async function waitForTraining(project: MadeProject, child: ChildProcess): Promise<void> {
  const readLog = async (): Promise<string> => {
    expect(child.exitCode).toBeNull();
    const [pod] = await listPods(project);
    return pod === undefined ? "" : kubectl(cluster, "logs", pod, "-n", project.name).catch(() => "");
  };
  await expect.poll(readLog, { timeout: 120_000, interval: 300 }).toContain("epoch 3/");
}

function listImages({ folder }: MadeProject): { path: string; digit: number }[] {
  const labels = readdirSync(join(folder, "data")).toSorted();
  const files = labels.map((label) => readdirSync(join(folder, "data", label)).toSorted());
  return Array.from({ length: perLabel }, (_, index) =>
    labels.map((label, at) => ({ path: join(folder, "data", label, files[at]?.[index] ?? ""), digit: Number(label) })),
  ).flat();
}

function hostOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port === "" ? 80 : port) };
}
