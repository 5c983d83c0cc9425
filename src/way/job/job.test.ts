/** @file A training pod's program, run here: from what its environment says to a model in a store. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "../../artifact/store/layout.ts";
import { openRegistryStore } from "../../artifact/store/registry.ts";
import { digestOf } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { silent } from "../../base/progress.ts";
import { imageFolder } from "../../data/index.ts";
import { openDataset } from "../../data/open.ts";
import { splitDataset } from "../../data/split.ts";
import type { Dataset } from "../../data/types.ts";
import { startMemoryRegistry, type MemoryRegistry } from "../../oci/fixtures/memory-registry.ts";
import { openRepository } from "../../oci/repository.ts";
import { encodePng } from "../../pixels/encode-png.ts";
import { command, dense, flatten, forest, sequential } from "../../train/index.ts";
import type { Trainer } from "../../train/types.ts";
import { listDatasetFiles } from "../dataset/files.ts";
import { pushDataset } from "../dataset/push.ts";
import type { StepOutcome } from "../types.ts";
import { describePhases, phasePlaces } from "./phases.ts";
import { runJob } from "./run.ts";
import { readJobSettings } from "./settings.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-job-"));
const source = imageFolder("data", { size: [6, 6], channels: 1 });
const trainer = sequential({ layers: [flatten(), dense(2)], epochs: 2, workers: 1 });
const signal = new AbortController().signal;
let registry: MemoryRegistry;
let dataset: Dataset;
let reference: string;

beforeAll(async () => {
  registry = await startMemoryRegistry();
  drawShades(join(home, "data"));
  dataset = await openDataset(source, { root: home });
  const files = await listDatasetFiles(dataset, home);
  const { digest } = await pushDataset(openRepository(`${registry.host}/datasets/shades`), "shades", files!);
  reference = `${registry.host}/datasets/shades@${digest}`;
});
afterAll(async () => {
  await registry.close();
  rmSync(home, { recursive: true, force: true });
});

describe("with a registry", () => {
  test("the model of the fetched data is stored there, once", async () => {
    const env = makeEnv("once");
    const first = await run(env);
    expect(first.result).toMatchObject({ trained: true, inputs: digestOf("inputs of once") });
    expect(first.steps.map(({ step, outcome }) => [step, outcome])).toEqual([
      ["data", "done"],
      ["train", "done"],
    ]);
    const stored = await openRegistryStore(`${registry.host}/once`).get(`shades@${first.result?.artifact.digest}`);
    expect(stored.lineage).toMatchObject({ dataset: { digest: dataset.digest, count: 40 }, code: env["SLIPWAY_CODE"] });
    expect(stored.aliases).toEqual([]);
    const again = await run(env);
    expect(again.result).toMatchObject({ trained: false, artifact: { digest: first.result?.artifact.digest } });
  });

  test("other data than was asked for are not trained on", async () => {
    const { steps, code } = await run({ ...makeEnv("other"), SLIPWAY_DATASET_DIGEST: digestOf("others") });
    expect({ steps, code }).toEqual({ steps: [], code: "SLIPWAY_WAY_DATASET_DIFFERS" });
  });

  test("where nobody else will, it judges the run and moves the alias", async () => {
    const { steps, result } = await run({ ...makeEnv("promoted"), SLIPWAY_PROMOTE: "1" });
    expect(steps.map(({ step }) => step)).toEqual(["data", "train", "gate", "artifact"]);
    const champion = await openRegistryStore(`${registry.host}/promoted`).get("shades");
    expect(champion.digest).toBe(result?.artifact.digest);
  });

  test("a run that the gate holds back is stored, and moves nothing", async () => {
    const app = writeApp("held", trainer, { accuracy: { atLeast: 1.1 } });
    const { code, steps } = await run({ ...makeEnv("held"), SLIPWAY_APP: app, SLIPWAY_PROMOTE: "1" });
    expect(code).toMatch(/^SLIPWAY_ARTIFACT_GATE/);
    const digest = String(steps.at(-1)?.facts["digest"]);
    expect((await openRegistryStore(`${registry.host}/held`).get(`shades@${digest}`)).aliases).toEqual([]);
  });
});

test("with a volume, data and models stay on it", async () => {
  const volume = join(home, "volume");
  const env = {
    ...makeEnv("volume"),
    SLIPWAY_DATASET: join(home, "data"),
    SLIPWAY_STORE: join(volume, "store"),
    SLIPWAY_WORK: join(volume, "work"),
  };
  const { result } = await run(env);
  const store = await openStore(join(volume, "store"));
  expect((await store.list("shades")).map(({ digest }) => digest)).toEqual([result?.artifact.digest]);
});

test("with an image of the user's own: data and code are laid out, and what its command wrote is taken", async () => {
  const { result } = await run(makeEnv("donor"));
  const model = await openRegistryStore(`${registry.host}/donor`).readModel(result!.artifact);
  const work = join(home, "phases");
  const root = join(home, "code");
  mkdirSync(root);
  writeFileSync(join(root, "train.py"), "print('hello')\n");
  const own = command({ command: ["python3", "train.py"], parameters: { depth: 3 } });
  const env = {
    ...makeEnv("phases"),
    SLIPWAY_APP: writeApp("phases", own),
    SLIPWAY_ROOT: root,
    SLIPWAY_WORK: work,
  };
  const prepared = await run({ ...env, SLIPWAY_JOB_PHASE: "prepare" });
  expect(prepared).toMatchObject({ result: undefined, code: undefined });

  const told = describePhases(own, work, false);
  expect(readFileSync(join(phasePlaces(work).code, "train.py"), "utf8")).toBe("print('hello')\n");
  expect(JSON.parse(told["SLIPWAY_PARAMETERS"] ?? "")).toEqual({ depth: 3 });
  const split = splitDataset(dataset, { validation: own.validation, seed: own.seed });
  const list = (rows: Int32Array) => Array.from(rows, (row) => dataset.entries[row]?.path);
  expect(JSON.parse(readFileSync(told["SLIPWAY_SPLIT"] ?? "", "utf8"))).toEqual({
    train: list(split.train),
    validation: list(split.validation),
  });
  for (const { path, digest } of dataset.entries)
    expect(digestOf(readFileSync(join(told["SLIPWAY_DATA"] ?? "", path)))).toBe(digest);

  writeFileSync(join(told["SLIPWAY_OUTPUT"] ?? "", "model.onnx"), model);
  writeFileSync(join(told["SLIPWAY_OUTPUT"] ?? "", "metrics.json"), `{"depth": 3}`);
  const finished = await run({ ...env, SLIPWAY_JOB_PHASE: "finish" });
  expect(finished.result?.artifact.lineage).toMatchObject({ trainer: "command", metrics: { depth: 3 } });
  const stored = await openRegistryStore(`${registry.host}/phases`).readModel(finished.result!.artifact);
  expect(digestOf(stored)).toBe(digestOf(model));
});

test("a sample is asked of the project's loader, and the model knows what it was trained on", async () => {
  const app = join(home, "sample.mjs");
  writeFileSync(
    app,
    `const load = ({ sample }) => Array.from({ length: 40 }, (_, i) => ({ x: i % 2 + (sample ? 10 : 0), label: i % 2 === 0 ? "low" : "high" }));
const rows = { kind: "table", columns: ["x"], target: "label", time: undefined, horizon: 0 };
const data = { kind: "rows", name: "points", load, maxAge: 0, rows, growing: false };
export default { name: "points", data, train: ${JSON.stringify(forest({ trees: 2, workers: 1 }))}, gate: {} };
`,
  );
  const env = { SLIPWAY_APP: app, SLIPWAY_CODE: digestOf("code"), SLIPWAY_STORE: `${registry.host}/samples` };
  const work = { SLIPWAY_WORK: join(home, "work", "sample") };
  const real = await run({ ...env, ...work });
  const sample = await run({ ...env, ...work, SLIPWAY_SAMPLE: "1" });
  expect(sample.result?.artifact.lineage.dataset).toMatchObject({ sample: true, count: 40 });
  expect(real.result?.artifact.lineage.dataset).not.toHaveProperty("sample");
  expect(sample.result?.artifact.lineage.dataset.digest).not.toBe(real.result?.artifact.lineage.dataset.digest);
});

describe("settings", () => {
  const least = { SLIPWAY_APP: "/app/app.mjs", SLIPWAY_CODE: digestOf("code"), SLIPWAY_STORE: "/volume/store" };

  test("the least: it fetches for itself, computes the inputs, and works in /tmp", () => {
    expect(readJobSettings(least)).toMatchObject({
      root: "/app",
      dataset: undefined,
      inputs: undefined,
      store: { path: "/volume/store" },
      insecure: false,
      work: "/tmp/slipway",
      phase: undefined,
      promote: false,
    });
  });

  test.each([
    ["SLIPWAY_APP", ""],
    ["SLIPWAY_CODE", ""],
    ["SLIPWAY_STORE", ""],
    ["SLIPWAY_INPUTS", "sha256:12"],
    ["SLIPWAY_JOB_PHASE", "middle"],
  ])("%s that cannot be used is named", (name, value) => {
    expect(() => readJobSettings({ ...least, [name]: value })).toThrow(name);
  });
});

function makeEnv(name: string): Record<string, string> {
  return {
    SLIPWAY_APP: writeApp(name, trainer),
    SLIPWAY_CODE: digestOf("code"),
    SLIPWAY_INPUTS: digestOf(`inputs of ${name}`),
    SLIPWAY_DATASET: reference,
    SLIPWAY_DATASET_DIGEST: dataset.digest,
    SLIPWAY_STORE: `${registry.host}/${name}`,
    SLIPWAY_WORK: join(home, "work", name),
  };
}

/** A bundled project is a module whose default export is plain data. */
function writeApp(name: string, train: Trainer, gate: object = {}): string {
  const path = join(home, `${name}-${train.kind}-${Object.keys(gate).length}.mjs`);
  writeFileSync(path, `export default ${JSON.stringify({ name: "shades", data: source, train, gate })};\n`);
  return path;
}

async function run(env: Record<string, string>) {
  const steps: StepOutcome[] = [];
  try {
    const result = await runJob(readJobSettings(env), { report: silent, signal, onStep: (step) => steps.push(step) });
    return { result, steps, code: undefined };
  } catch (error) {
    return { result: undefined, steps, code: findSlipwayError(error)?.code ?? String(error) };
  }
}

/** Dark and light squares, 20 of each. */
function drawShades(folder: string): void {
  for (let index = 0; index < 40; index++) {
    const label = index % 2 === 0 ? "dark" : "light";
    const shade = (index % 2 === 0 ? 20 : 180) + index;
    const path = join(folder, label, `${String(index).padStart(2, "0")}.png`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, encodePng(new Uint8Array(36).fill(shade), 6, 6));
  }
}
