/** @file Experiments in pods of their own, run here one after the other: each leaves its model, and the last the run of all. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStore } from "../../artifact/store/layout.ts";
import { digestOf } from "../../base/digest.ts";
import { silent } from "../../base/progress.ts";
import { csv } from "../../data/index.ts";
import { experiments, forest } from "../../train/index.ts";
import type { ExperimentsTrainer } from "../../train/types.ts";
import { runJob } from "./run.ts";
import { readJobSettings } from "./settings.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-experiment-"));
const signal = new AbortController().signal;
const small = forest({ trees: 2, depth: 1, workers: 1 });
const large = forest({ trees: 9, depth: 4, workers: 1 });
afterAll(() => rmSync(home, { recursive: true, force: true }));

writeFileSync(
  join(home, "points.csv"),
  `x,y,label\n${Array.from({ length: 80 }, (_, i) => `${i % 9},${i % 5},${(i % 9) * (i % 5) > 8 ? "high" : "low"}`).join("\n")}\n`,
);

test("the last to end makes the run of all, as a training in one process would have", async () => {
  const train = experiments([small, large, forest({ trees: 5, depth: 2, workers: 1 })]);
  const store = await openStore(join(home, "last"));
  expect(await run("last", train, 2)).toBeUndefined();
  expect(await run("last", train, 0)).toBeUndefined();
  const result = await run("last", train, 1);
  const here = await run("here", train);
  expect(result?.artifact.lineage).toMatchObject({
    trainer: "experiments",
    inputs: here?.artifact.lineage.inputs,
    parameters: here?.artifact.lineage.parameters as object,
    metrics: here?.artifact.lineage.metrics as object,
    seed: here?.artifact.lineage.seed,
    code: digestOf("code"),
  });
  expect(result?.artifact.model.digest).toBe(here?.artifact.model.digest);
  const stored = await store.list("points");
  expect(stored).toHaveLength(4);
  expect(stored.flatMap(({ aliases }) => aliases)).toEqual([]);
  expect(stored.map(({ lineage }) => lineage.parameters["experiment"])).toEqual(
    expect.arrayContaining([undefined, ...[0, 1, 2].map((index) => ({ index, of: 3 }))]),
  );
});

test("any of them finds the same run again, byte for byte, and trains nothing", async () => {
  const train = experiments([small, large]);
  await run("again", train, 0);
  const { artifact } = (await run("again", train, 1))!;
  const again = await Promise.all([run("again", train, 0), run("again", train, 1)]);
  expect(again).toMatchObject([0, 1].map(() => ({ trained: false, artifact: { digest: artifact.digest } })));
});

test("an experiment more trains only that one", async () => {
  await run("more", experiments([small]), 0);
  const result = await run("more", experiments([large, small]), 1);
  expect(result).toBeUndefined();
  expect((await (await openStore(join(home, "more"))).list("points")).length).toBe(2);
  expect((await run("more", experiments([large, small]), 0))?.artifact.lineage.parameters["experiments"]).toMatchObject(
    [{ parameters: { trees: 9 } }, { parameters: { trees: 2 } }],
  );
});

test("by force each is trained anew, and what the others left before is not taken for theirs", async () => {
  const train = experiments([small, large]);
  await run("force", train, 0);
  const before = await run("force", train, 1);
  const anew = { SLIPWAY_FORCE: "1", SLIPWAY_RUN: "run-2" };
  expect(await run("force", train, 0, anew)).toBeUndefined();
  const result = await run("force", train, 1, anew);
  expect(result?.artifact.digest).not.toBe(before?.artifact.digest);
  expect(result?.artifact.lineage.parameters).toEqual(before?.artifact.lineage.parameters);
});

test("of data that are other ones at each look, all of a run see the same, and another run sees its own", async () => {
  const app = join(home, "cloud.mjs");
  const trainer = JSON.stringify(experiments([small, large]));
  writeFileSync(
    app,
    `const load = () => Array.from({ length: 60 }, (_, i) => ({ x: Math.random() + (i % 2), label: i % 2 === 0 ? "low" : "high" }));
const rows = { kind: "table", columns: ["x"], target: "label", time: undefined, horizon: 0 };
const data = { kind: "rows", name: "cloud", load, maxAge: 0, rows, growing: false };
export default { name: "points", data, train: ${trainer}, gate: {} };
`,
  );
  const perform = (index: number, name: string) =>
    runApp(app, { JOB_COMPLETION_INDEX: String(index), SLIPWAY_RUN: name, SLIPWAY_SAMPLE: "1" }, "cloud");
  const [first, second] = [await perform(0, "one"), await perform(1, "one")];
  expect(first).toBeUndefined();
  expect(second?.artifact.lineage.dataset).toMatchObject({ count: 60, sample: true });
  const both = await Promise.all([perform(0, "two"), perform(1, "two")]);
  const [other] = both.filter((one) => one !== undefined);
  expect(other?.artifact.lineage.dataset.digest).not.toBe(second?.artifact.lineage.dataset.digest);
  expect(other?.artifact.lineage.dataset).toMatchObject({ count: 60, sample: true });
});

test("an index that the project has no experiment for is refused", async () => {
  await expect(run("beyond", experiments([small]), 1)).rejects.toThrow("wanted below 1");
  await expect(run("beyond", small, 0)).rejects.toThrow("the project has one training");
  await expect(run("beyond", small, -1)).rejects.toThrow("a whole number");
});

async function run(
  name: string,
  train: ExperimentsTrainer | typeof small,
  index?: number,
  env: Record<string, string> = {},
) {
  const app = join(home, `${name}-${digestOf(JSON.stringify(train)).slice(-8)}.mjs`);
  const data = csv("points.csv", { columns: ["x", "y"], target: "label" });
  writeFileSync(app, `export default ${JSON.stringify({ name: "points", data, train, gate: {} })};\n`);
  const place = index === undefined ? {} : { JOB_COMPLETION_INDEX: String(index) };
  return runApp(app, { SLIPWAY_DATASET: home, ...place, ...env }, name);
}

/** All pods of a run have the same folder to work in, as on a volume. */
function runApp(app: string, env: Record<string, string>, name: string) {
  const settings = readJobSettings({
    SLIPWAY_APP: app,
    SLIPWAY_CODE: digestOf("code"),
    SLIPWAY_STORE: join(home, name),
    SLIPWAY_WORK: join(home, "work", name),
    ...env,
  });
  return runJob(settings, { report: silent, signal });
}
