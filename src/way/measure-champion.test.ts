/** @file The gate on data that grow and on other splits: `slipway train` in folders of rows, and who becomes the champion. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { MetricGate } from "../artifact/gate.ts";
import { openStore, storeFolder } from "../artifact/store/layout.ts";
import { digestOf } from "../base/digest.ts";
import { silent } from "../base/progress.ts";
import { csv, jsonl } from "../data/index.ts";
import type { DataSource } from "../data/types.ts";
import { createRandom } from "../model/forest/random.ts";
import type { Project } from "../project/types.ts";
import { forest, naiveBayes } from "../train/index.ts";
import type { Trainer } from "../train/types.ts";
import { createChampionMeter } from "./measure-champion.ts";
import { train } from "./up.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-measure-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const options = { report: silent, signal: new AbortController().signal };

test("a champion that does worse on the newest rows makes way, though its own figure is higher", async () => {
  const columns = { columns: ["x", "late"], target: "sign", time: "day", growing: true };
  const project = makeProject("grown", csv("rows.csv", columns), forest({ trees: 20, depth: 6 }));
  writeFileSync(join(project.root, "rows.csv"), toCsv(makeDays(300)));
  const first = await train(project, options);
  expect(first.artifact.lineage.metrics["accuracy"]).toBe(1);

  // From day 300 on the sign is turned round, and one row in five says nothing.
  writeFileSync(join(project.root, "rows.csv"), toCsv(makeDays(500)));
  const second = await train(project, options);
  expect(second.digest).not.toBe(first.digest);
  const accuracy = second.artifact.lineage.metrics["accuracy"]!;
  expect(accuracy).toBeGreaterThan(0.7);
  expect(accuracy).toBeLessThan(1);
  const { text, facts } = second.steps.find(({ step }) => step === "gate")!;
  expect(text).toMatch(/^accuracy 0\.\d+ ≥ 0\.\d+ \(champion 0\.\d+ on the same rows\)$/);
  expect(facts).toMatchObject({ checks: [{ value: accuracy, sameRows: { rows: 100, of: 100 } }] });
  const { champion } = (facts["checks"] as { champion: number }[])[0]!;
  expect(champion).toBeLessThan(0.3);
  expect(facts["notComparable"]).toBeUndefined();
});

test("with another split a champion is asked only about rows that it was not trained on", async () => {
  const source = csv("rows.csv", { columns: ["x", "y"], target: "sign" });
  // Deep trees know by heart what they were trained on; nothing can be learned of these labels.
  const seeded = (seed: number): Project =>
    makeProject("split", source, forest({ trees: 30, depth: 20, seed }), {
      accuracy: { atLeast: 0, notWorseThanChampionBy: 0.5 },
    });
  const random = createRandom(5, 0);
  const rows = Array.from({ length: 1000 }, () => `${random()},${random()},${random() % 2 ? "up" : "down"}`);
  writeFileSync(join(seeded(1).root, "rows.csv"), ["x,y,sign", ...rows].join("\n"));
  const first = await train(seeded(1), options);
  const second = await train(seeded(2), options);
  const gate = second.steps.find(({ step }) => step === "gate")!;
  const [, check] = gate.facts["checks"] as { champion: number; value: number; sameRows: { rows: number } }[];
  const before = new Set(first.split.validation);
  const both = second.split.validation.filter((row) => before.has(row)).length;
  expect(check).toMatchObject({ sameRows: { rows: both, of: 200 } });
  // Of rows that it was trained on it would know nine in ten.
  expect(check!.champion).toBeLessThan(0.8);
  expect(check!.champion * both).toBeCloseTo(Math.round(check!.champion * both), 9);
  expect(gate.text).toContain(`on the same ${both} rows, which it was not trained on)`);
});

test("the same rows are not asked about again; other labels, and a champion that does not run, are said", async () => {
  const texts = (labels: readonly string[]): string =>
    Array.from({ length: 200 }, (_, i) => {
      const label = labels[i % labels.length]!;
      return JSON.stringify({ text: `${label} says word${i}`, label });
    }).join("\n");
  const source = jsonl("texts.jsonl", { text: "text", label: "label", growing: true });
  const project = makeProject("texts", source, naiveBayes());
  writeFileSync(join(project.root, "texts.jsonl"), texts(["a1", "b1"]));
  const { artifact, dataset, split } = await train(project, options);
  const store = await openStore(storeFolder(project.root));
  const measure = createChampionMeter({ dataset, split }, store, options);
  expect(await measure(artifact, artifact)).toBeUndefined();

  const { signature, lineage } = artifact;
  const older = { ...artifact, lineage: { ...lineage, dataset: { ...lineage.dataset, digest: digestOf("older") } } };
  expect(await measure(older, artifact)).toEqual({
    metrics: { accuracy: 1, loss: lineage.metrics["loss"], lowestLabelAccuracy: 1 },
    rows: 40,
    of: 40,
  });
  const labels = { kind: "probabilities" as const, labels: ["a1", "c1"] };
  const [output] = signature.outputs;
  const other = { ...older, signature: { ...signature, outputs: [{ ...output!, content: labels }] } };
  expect(await measure(other, artifact)).toEqual({ reason: "its labels are a1, c1, those of the new one a1, b1" });
  const numbers = { ...signature.inputs[0]!, content: { kind: "features" as const, names: ["x"] } };
  expect(await measure({ ...older, signature: { ...signature, inputs: [numbers] } }, artifact)).toEqual({
    reason: "it takes the columns x, the new one texts",
  });
  const everything = { ...older, lineage: { ...older.lineage, parameters: { validation: 0 } } };
  expect(await measure(everything, artifact)).toEqual({ reason: "it was trained on 40 of these 40" });
  const lost = createChampionMeter(
    { dataset, split },
    { readModel: async () => Promise.reject(new Error("its file is gone")) },
    options,
  );
  expect(await lost(older, artifact)).toEqual({ reason: "it does not run: its file is gone" });
});

function makeProject(
  name: string,
  data: DataSource,
  trainer: Trainer,
  gate: Record<string, MetricGate> = { accuracy: { notWorseThanChampionBy: 0.01 } },
): Project {
  const root = join(home, name);
  mkdirSync(root, { recursive: true });
  const path = join(root, "slipway.config.ts");
  const definition = { name, data, train: trainer, gate } as Project["definition"];
  return { root, configPath: path, definition, codeDigest: digestOf(name), appPath: path };
}

/** A row a day: what `sign` is follows from `x`, in another way since day 300. */
function makeDays(count: number): { day: string; x: number; late: number; sign: string }[] {
  const random = createRandom(3, 0);
  return Array.from({ length: count }, (_, at) => {
    const x = random() / 2 ** 32 - 0.5;
    const late = Number(at >= 300);
    const noise = random() % 5 === 0 && late === 1;
    const up = late === 1 ? x < 0 !== noise : x > 0;
    const day = new Date(Date.UTC(2020, 0, 1 + at)).toISOString().slice(0, 10);
    return { day, x, late, sign: up ? "up" : "down" };
  });
}

function toCsv(days: ReturnType<typeof makeDays>): string {
  return ["day,x,late,sign", ...days.map(({ day, x, late, sign }) => `${day},${x},${late},${sign}`)].join("\n");
}
