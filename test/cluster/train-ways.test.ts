/** @file The other ways to train on a cluster: in an image of the user's own, from a volume's checkpoint, by the clock, and here. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore, storeFolder } from "../../src/artifact/store/layout.ts";
import { openRegistryStore } from "../../src/artifact/store/registry.ts";
import type { ProgressEvent } from "../../src/base/progress.ts";
import { loadProject } from "../../src/project/load.ts";
import { train } from "../../src/way/up.ts";
import { upOn } from "./project.ts";
import type { TestCluster } from "./types.ts";
import { kubectl, kubectlJson, pushTestImage, useCluster, useNamespace } from "./use.ts";

const digits = fileURLToPath(new URL("../../examples/digits/data", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "slipway-ways-"));
const patient = { timeout: 120_000, interval: 500 };
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await useCluster();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const network = (epochs: number) =>
  `sequential({ layers: [conv(8, 3), relu(), maxPool(2), flatten(), dense(10)], optimizer: adam({ rate: 0.003 }), epochs: ${epochs}, workers: 1 })`;
const small = `resources: { cpu: "100m", memory: "1Gi" }`;

test("in an image of the user's own, its command makes the model, and its files are there", async () => {
  await using namespace = await useNamespace(cluster, "own-image");
  const image = await pushTestImage(cluster, { base: "node" });
  // What the command gives is a network that was trained here.
  const donor = makeProject("donor", network(3), "{}");
  const { artifact } = await train(await loadProject(donor), quiet());
  const model = await (await openStore(storeFolder(donor))).readModel(artifact);
  const folder = makeProject(
    namespace.name,
    `command({ command: ["/usr/local/bin/node", "train.mjs"], parameters: { from: "donor.onnx" } })`,
    `{ expose: "loadBalancer", resources: { cpu: "50m", memory: "200Mi" }, train: { image: ${JSON.stringify(image.reference)}, ${small} } }`,
  );
  writeFileSync(join(folder, "donor.onnx"), model);
  writeFileSync(
    join(folder, "train.mjs"),
    `import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
const { SLIPWAY_DATA, SLIPWAY_OUTPUT, SLIPWAY_PARAMETERS } = process.env;
copyFileSync(JSON.parse(SLIPWAY_PARAMETERS).from, SLIPWAY_OUTPUT + "/model.onnx");
writeFileSync(SLIPWAY_OUTPUT + "/metrics.json", JSON.stringify({ labels: readdirSync(SLIPWAY_DATA).length }));
`,
  );
  const { trained, steps } = await upOn(cluster, namespace.name, await loadProject(folder));
  expect(trained?.artifact.lineage).toMatchObject({ trainer: "command", metrics: { labels: 10 } });
  expect(trained?.artifact.model.digest).toBe(artifact.model.digest);
  expect(steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
});

test("with a volume, the next pod goes on from the checkpoint of the one that was told to stop", async () => {
  await using namespace = await useNamespace(cluster, "volume");
  const folder = makeProject(
    namespace.name,
    network(400),
    `{ resources: { cpu: "50m", memory: "200Mi" }, train: { volume: { size: "100Mi" }, ${small} } }`,
  );
  const epochs: number[] = [];
  let stopped: Promise<unknown> | undefined;
  let before = 0;
  const report = ({ label }: ProgressEvent): void => {
    const epoch = Number(/^epoch (\d+)\//.exec(label)?.[1] ?? 0);
    if (epoch === 0 || epoch === epochs.at(-1)) return;
    epochs.push(epoch);
    if (epoch < 20 || stopped !== undefined) return;
    before = epochs.length;
    stopped = kubectl(cluster, "delete", "pods", "-n", namespace.name, "-l", "batch.kubernetes.io/job-name");
  };
  const { trained, steps } = await upOn(cluster, namespace.name, await loadProject(folder), { report });
  await stopped;
  expect(before).toBeGreaterThan(0);
  // Another pod begins later than at the first epoch, and not behind the last that was told.
  const again = epochs.findIndex((epoch, index) => index >= before && epoch <= (epochs[index - 1] ?? 0));
  const resumedAt = again < 0 ? epochs[before] : epochs[again];
  expect(resumedAt).toBeGreaterThan(10);
  expect(trained?.artifact.lineage.history).toHaveLength(400);
  expect(steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
});

test("with the volume as the store, the pod judges its model, and the server takes it from there", async () => {
  await using namespace = await useNamespace(cluster, "store");
  const write = (epochs: number): string =>
    makeProject(
      namespace.name,
      network(epochs),
      `{ expose: "loadBalancer", resources: { cpu: "50m", memory: "200Mi" }, model: { delivery: "volume", every: 1 }, train: { volume: { size: "100Mi" }, ${small} } }`,
    );
  const first = await upOn(cluster, namespace.name, await loadProject(write(3)));
  expect(first.steps.map(({ step }) => step)).toEqual([
    "data",
    "train",
    "gate",
    "artifact",
    "image",
    "deploy",
    "verify",
  ]);
  const again = await upOn(cluster, namespace.name, await loadProject(write(3)));
  expect(again.trained?.digest).toBe(first.trained?.digest);
  const next = await upOn(cluster, namespace.name, await loadProject(write(4)));
  expect(next.trained?.digest).not.toBe(first.trained?.digest);
  expect(next.steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
  // No registry has it.
  const store = openRegistryStore(`${cluster.registry}/models`);
  await expect(store.get(namespace.name)).rejects.toThrow("no model");
});

test("by the clock: a run of the CronJob fetches, trains and moves the alias, and the server follows", async () => {
  await using namespace = await useNamespace(cluster, "clock");
  const { name } = namespace;
  const folder = join(home, name);
  mkdirSync(folder);
  const write = (schedule: string): void =>
    writeFileSync(
      join(folder, "slipway.config.ts"),
      `import { defineProject } from "slipway";
import { rows } from "slipway/data";
import { forest } from "slipway/train";

const load = () => Array.from({ length: 200 }, (_, i) => ({ x: Math.random() + (i % 2), label: i % 2 === 0 ? "low" : "high" }));

export default defineProject({
  name: ${JSON.stringify(name)},
  data: rows("cloud", load, { columns: ["x"], target: "label" }),
  train: forest({ trees: 3 }),
  deploy: {
    expose: "loadBalancer",
    resources: { cpu: "50m", memory: "200Mi" },
    model: { delivery: "registry", every: 1 },
    train: { data: "fetch", ${schedule} ${small} },
  },
});
`,
    );
  write(`schedule: "0 0 1 1 *",`);
  const first = await upOn(cluster, name, await loadProject(folder));
  expect(first.steps.map(({ step }) => step)).toEqual([
    "train",
    "gate",
    "artifact",
    "image",
    "deploy",
    "schedule",
    "verify",
  ]);
  const pods = await kubectl(
    cluster,
    "get",
    "pods",
    "-n",
    name,
    "-l",
    "app.kubernetes.io/component=server",
    "-o",
    "name",
  );

  await kubectl(cluster, "create", "job", "by-hand", `--from=cronjob/${name}-train`, "-n", name);
  const store = openRegistryStore(`${cluster.registry}/models`);
  await expect.poll(async () => (await store.get(name)).digest, patient).not.toBe(first.trained?.digest);
  const { digest } = await store.get(name);
  const url = first.endpoints[0]?.url ?? "";
  const served = async () => (await fetch(`${url}/readyz`)).headers.get("x-model-digest");
  await expect.poll(served, patient).toBe(digest);
  // It followed: no pod was replaced.
  expect(
    await kubectl(cluster, "get", "pods", "-n", name, "-l", "app.kubernetes.io/component=server", "-o", "name"),
  ).toBe(pods);

  write("");
  await upOn(cluster, name, await loadProject(folder));
  expect((await kubectlJson<{ items: object[] }>(cluster, "get", "cronjobs", "-n", name)).items).toEqual([]);
});

test("here: no Job is made, and the model travels through the registry all the same", async () => {
  await using namespace = await useNamespace(cluster, "here");
  const folder = makeProject(
    namespace.name,
    network(2),
    `{ resources: { cpu: "50m", memory: "200Mi" }, train: { on: "here" } }`,
  );
  const { trained, steps, endpoints } = await upOn(cluster, namespace.name, await loadProject(folder));
  expect((await kubectlJson<{ items: object[] }>(cluster, "get", "jobs", "-n", namespace.name)).items).toEqual([]);
  const champion = await openRegistryStore(`${cluster.registry}/models`).get(namespace.name);
  expect(champion.digest).toBe(trained?.digest);
  // Reached from inside alone: it was verified through a port of this process.
  expect(endpoints).toEqual([]);
  expect(steps.at(-1)).toMatchObject({ step: "verify", outcome: "done" });
});

function quiet() {
  return { report: () => {}, signal: AbortSignal.timeout(200_000) };
}

/** Thirty digits of each label. */
function makeProject(name: string, trainer: string, deploy: string): string {
  const folder = join(home, name);
  for (const label of readdirSync(digits)) {
    mkdirSync(join(folder, "data", label), { recursive: true });
    for (const file of readdirSync(join(digits, label)).toSorted().slice(0, 30))
      cpSync(join(digits, label, file), join(folder, "data", label, file));
  }
  writeFileSync(
    join(folder, "slipway.config.ts"),
    `import { defineProject } from "slipway";
import { imageFolder } from "slipway/data";
import { adam, command, conv, dense, flatten, maxPool, relu, sequential } from "slipway/train";

export default defineProject({
  name: ${JSON.stringify(name)},
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: ${trainer},
  deploy: ${deploy},
});
`,
  );
  return folder;
}
