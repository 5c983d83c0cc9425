/** @file The audit of labels against cleanlab: five ways to spoil the digits, and clean ones; both see the same out-of-fold probabilities. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { auditLabels } from "../src/data/audit/audit.ts";
import { thresholdsOfVerdicts } from "../src/data/audit/rules.ts";
import type { Table } from "../src/data/audit/types.ts";
import { imageFolder } from "../src/data/index.ts";
import { loadExamples, openDataset } from "../src/data/open.ts";
import type { ImageDataset, ImageExamples } from "../src/data/types.ts";
import { loadProject } from "../src/project/load.ts";
import { predictOutOfFold } from "../src/train/out-of-fold.ts";
import { predict } from "../src/train/evaluate.ts";
import { runTrainer } from "../src/train/run.ts";
import type { SequentialTrainer } from "../src/train/types.ts";
import { preparePeers } from "./lib/peers.ts";
import { runJson } from "./lib/process.ts";
import { formatTable } from "./lib/table.ts";

interface Spoiled {
  examples: ImageExamples;
  keys: string[];
  /** Rows whose label is wrong. */
  wrong: Set<number>;
}

interface Score {
  f1: number;
  /** Share of rightly labelled rows that were flagged. */
  falseAlarms: number;
  recall: number;
}

export interface AuditRow {
  scenario: string;
  candidate: string;
  seed: number;
  f1: number;
  falseAlarms: number;
  recall: number;
}

const scenarios = ["clean", "swap 5 %", "swap 20 %", "random 2 %", "copies 50", "7 as 1 30 %"] as const;
const folder = fileURLToPath(new URL("../examples/digits", import.meta.url));

export async function benchAudit({ rounds }: { rounds: number }): Promise<{ rows: AuditRow[]; table: string }> {
  const python = preparePeers("audit");
  const dataset = await openDataset(imageFolder("data", { size: [28, 28], channels: 1 }), { root: folder });
  const examples = await loadExamples(dataset);
  const trainer = (await loadProject(folder)).definition.train as SequentialTrainer;
  const workspace = mkdtempSync(join(tmpdir(), "slipway-bench-audit-"));
  const rows: AuditRow[] = [];
  try {
    for (let seed = 1; seed <= rounds; seed++) {
      for (const scenario of scenarios) {
        const spoiled = spoil(dataset, examples, scenario, seed);
        const probabilities = await judge(spoiled, trainer, { seed, workspace });
        const found = await audit(spoiled, probabilities);
        rows.push({ scenario, candidate: "slipway", seed, ...score(found, spoiled) });
        const { flagged } = await askCleanlab(python, workspace, spoiled, probabilities);
        for (const [option, list] of Object.entries(flagged))
          rows.push({ scenario, candidate: `cleanlab ${option}`, seed, ...score(new Set(list), spoiled) });
      }
      rows.push({
        scenario: "swap 100 %, champion",
        candidate: "slipway",
        seed,
        ...(await againstChampion(dataset, examples, trainer, { seed, workspace })),
      });
      process.stderr.write(`round ${seed}/${rounds}\n`);
    }
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
  return { rows, table: summarise(rows) };
}

async function judge(
  { examples, keys }: Spoiled,
  trainer: SequentialTrainer,
  { seed, workspace }: Place,
): Promise<Table> {
  const values = await predictOutOfFold({ trainer, examples, keys, folds: 2, epochs: 4, seed, ...quiet(workspace) });
  return { rows: examples.count, classes: examples.labels.length, values };
}

async function audit({ examples }: Spoiled, probabilities: Table): Promise<Set<number>> {
  const { targets } = examples;
  const { suspicions } = await auditLabels({ pictures: examples, targets, probabilities });
  return new Set(suspicions.map(({ row }) => row));
}

/** Half of the digits train a champion; in the other half 6 and 9 change places completely. */
async function againstChampion(
  dataset: ImageDataset,
  examples: ImageExamples,
  trainer: SequentialTrainer,
  { seed, workspace }: Place,
): Promise<Score> {
  const all = Array.from(examples.targets.keys());
  const champions = all.filter((row) => row % 2 === seed % 2);
  const judged = all.filter((row) => row % 2 !== seed % 2);
  const trained = await runTrainer(
    { ...trainer, epochs: 16, seed },
    {
      examples,
      split: { train: Int32Array.from(champions), validation: new Int32Array() },
      folder: "",
      paths: [],
      resume: false,
      ...quiet(join(workspace, "champion")),
    },
  );
  const part = take(dataset, examples, judged);
  const wrong = new Set<number>();
  const targets = part.examples.targets.map((label, row) => {
    if (label !== 6 && label !== 9) return label;
    wrong.add(row);
    return 15 - label;
  });
  const classes = examples.labels.length;
  const values = new Float32Array(judged.length * classes);
  const rows = Int32Array.from(judged.keys());
  for await (const { row, probabilities } of predict(trained.model, trained.signature, part.examples, rows, 1))
    values.set(probabilities, row * classes);
  const table = { rows: judged.length, classes, values };
  const { suspicions } = await auditLabels({
    pictures: part.examples,
    targets,
    probabilities: table,
    reference: {
      pictures: take(dataset, examples, champions).examples,
      targets: champions.map((row) => examples.targets[row]!),
      // As the audit of a project takes them from a champion.
      thresholds: thresholdsOfVerdicts(table),
    },
  });
  return score(new Set(suspicions.map(({ row }) => row)), { ...part, wrong });
}

interface Place {
  seed: number;
  workspace: string;
}

function quiet(workspace: string) {
  return { workspace, root: folder, report: () => {}, signal: new AbortController().signal };
}

async function askCleanlab(python: string, workspace: string, { examples }: Spoiled, probabilities: Table) {
  writeFileSync(join(workspace, "labels.i32"), examples.targets);
  writeFileSync(join(workspace, "probabilities.f32"), probabilities.values);
  const script = fileURLToPath(new URL("peers/audit_cleanlab.py", import.meta.url));
  return runJson<{ version: string; flagged: Record<string, number[]> }>(
    python,
    [script, workspace, String(examples.labels.length)],
    {},
  );
}

function score(flagged: ReadonlySet<number>, { wrong, examples }: Pick<Spoiled, "wrong" | "examples">): Score {
  const hits = [...flagged].filter((row) => wrong.has(row)).length;
  const f1 = flagged.size + wrong.size === 0 ? 1 : (2 * hits) / (flagged.size + wrong.size);
  return {
    f1,
    falseAlarms: (flagged.size - hits) / (examples.count - wrong.size),
    recall: wrong.size === 0 ? 1 : hits / wrong.size,
  };
}

function spoil(
  dataset: ImageDataset,
  examples: ImageExamples,
  scenario: (typeof scenarios)[number],
  seed: number,
): Spoiled {
  const random = xoroshiro128plus(1000 + seed);
  const rows = Array.from(examples.targets.keys());
  const of = (label: number): number[] => rows.filter((row) => examples.targets[row] === label);
  const pick = (from: readonly number[], count: number): number[] => {
    const rest = [...from];
    for (let at = 0; at < count; at++) {
      const other = uniformInt(random, at, rest.length - 1);
      [rest[at], rest[other]] = [rest[other]!, rest[at]!];
    }
    return rest.slice(0, count);
  };
  const share = (label: number, part: number): number[] => pick(of(label), Math.round(of(label).length * part));
  const otherThan = (label: number): number => (label + uniformInt(random, 1, 9)) % 10;
  const relabel = (changed: readonly number[], to: (label: number) => number): Spoiled => {
    const spoiled = take(dataset, examples, rows);
    for (const row of changed) spoiled.examples.targets[row] = to(examples.targets[row]!);
    return { ...spoiled, wrong: new Set(changed) };
  };
  switch (scenario) {
    case "clean":
      return relabel([], otherThan);
    case "swap 5 %":
      return relabel([...share(6, 0.05), ...share(9, 0.05)], (label) => 15 - label);
    case "swap 20 %":
      return relabel([...share(6, 0.2), ...share(9, 0.2)], (label) => 15 - label);
    case "random 2 %":
      return relabel(pick(rows, Math.round(rows.length * 0.02)), otherThan);
    case "copies 50": {
      const copied = pick(rows, 50);
      const spoiled = take(dataset, examples, [...rows, ...copied]);
      for (const [at, row] of copied.entries())
        spoiled.examples.targets[rows.length + at] = otherThan(examples.targets[row]!);
      return { ...spoiled, wrong: new Set(copied.keys().map((at) => rows.length + at)) };
    }
    default:
      return relabel(share(7, 0.3), () => 1);
  }
}

/** These rows as a dataset of their own. */
function take({ entries }: ImageDataset, examples: ImageExamples, rows: readonly number[]): Spoiled {
  const size = examples.pixels.length / examples.count;
  const pixels = new Uint8Array(new SharedArrayBuffer(rows.length * size));
  const targets = new Int32Array(new SharedArrayBuffer(rows.length * 4));
  for (const [at, row] of rows.entries()) {
    pixels.set(examples.pixels.subarray(row * size, (row + 1) * size), at * size);
    targets[at] = examples.targets[row]!;
  }
  return {
    examples: { ...examples, count: rows.length, pixels, targets },
    keys: rows.map((row) => entries[row]!.digest),
    wrong: new Set(),
  };
}

function summarise(rows: readonly AuditRow[]): string {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const candidates = [...new Set(rows.map(({ candidate }) => candidate))];
  const columns = [...scenarios.slice(1), "swap 100 %, champion"];
  const lines = candidates.map((candidate) => {
    const own = rows.filter((row) => row.candidate === candidate);
    const of = (scenario: string): AuditRow[] => own.filter((row) => row.scenario === scenario);
    const f1 = (scenario: string): string =>
      of(scenario).length === 0 ? "–" : mean(of(scenario).map((row) => row.f1)).toFixed(3);
    const five = mean(scenarios.slice(1).map((scenario) => mean(of(scenario).map((row) => row.f1))));
    const falseAlarms = mean(of("clean").map((row) => row.falseAlarms));
    const copies = mean(of("copies 50").map((row) => row.recall));
    return [
      candidate,
      five.toFixed(3),
      ...columns.map(f1),
      `${(falseAlarms * 100).toFixed(2)} %`,
      `${(copies * 100).toFixed(0)} %`,
    ];
  });
  return formatTable(["candidate", "mean F1", ...columns, "clean false alarms", "copies found"], lines);
}
