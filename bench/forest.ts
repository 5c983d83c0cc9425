/** @file Forests against scikit-learn: the same made-up rows, trees and depth, both fitting in a warm process on two threads. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "../src/model/forest/random.ts";
import { preparePeers } from "./lib/peers.ts";
import { runJson } from "./lib/process.ts";
import { formatNumber, formatSummary, summarise, type Summary } from "./lib/stats.ts";
import { formatTable } from "./lib/table.ts";

export interface ForestSpec {
  /** Little-endian float32 rows, and one byte a row for its class; the last fifth is held out. */
  x: string;
  y: string;
  rows: number;
  columns: number;
  trees: number;
  depth: number;
  seed: number;
  /** Fits that are timed, after one that is not. */
  fits: number;
}

export interface ForestRun {
  seconds: number[];
  accuracy: number;
  version: string;
}

export interface ForestRow {
  data: string;
  forest: string;
  candidate: string;
  seconds: Summary;
  accuracy: number;
  version: string;
  /** This candidate's time divided by ours, median of the ratios within each round. */
  oursTimes: number;
}

const sets = [
  { name: "market-like 2,500×4", rows: 2500, columns: 4 },
  { name: "large 50,000×20", rows: 50_000, columns: 20 },
] as const;
const forests = [
  { trees: 50, depth: 3 },
  { trees: 100, depth: 5 },
  { trees: 200, depth: 8 },
] as const;
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export async function benchForest({ rounds }: { rounds: number }): Promise<{ rows: ForestRow[]; table: string }> {
  const python = preparePeers("sklearn");
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-forest-"));
  const rows: ForestRow[] = [];
  try {
    for (const set of sets) {
      const data = writeData(folder, set);
      for (const forest of forests) {
        const runs: { ours: ForestRun; theirs: ForestRun }[] = [];
        for (let seed = 1; seed <= rounds; seed++) {
          const spec: ForestSpec = { ...data, ...set, ...forest, seed, fits: set.rows > 10_000 ? 1 : 5 };
          const words = JSON.stringify(spec);
          runs.push({
            ours: await runJson(process.execPath, [script("forest-ours.ts"), words]),
            theirs: await runJson(python, [script("peers/forest_sklearn.py"), words]),
          });
          process.stderr.write(`${set.name} ${forest.trees} trees: round ${seed}/${rounds}\n`);
        }
        const told = { data: set.name, forest: `${forest.trees} trees, depth ${forest.depth}` };
        const ratio = summarise(runs.map(({ ours, theirs }) => median(theirs) / median(ours))).median;
        rows.push(
          { ...told, candidate: "slipway", ...sum(runs.map(({ ours }) => ours)), oursTimes: 1 },
          { ...told, candidate: "scikit-learn n_jobs=2", ...sum(runs.map(({ theirs }) => theirs)), oursTimes: ratio },
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const table = formatTable(
    ["data", "forest", "candidate", "seconds: median (range)", "ours ×", "accuracy"],
    rows.map((row) => [
      row.data,
      row.forest,
      row.candidate,
      formatSummary(row.seconds),
      formatNumber(row.oursTimes),
      row.accuracy.toFixed(3),
    ]),
  );
  return { rows, table };
}

const median = ({ seconds }: ForestRun): number => summarise(seconds).median;

function sum(runs: readonly ForestRun[]): { seconds: Summary; accuracy: number; version: string } {
  return {
    seconds: summarise(runs.map(median)),
    accuracy: summarise(runs.map(({ accuracy }) => accuracy)).median,
    version: runs[0]!.version,
  };
}

/** Two classes by sums, products and a wave of some columns, with noise; the other columns say nothing. */
function writeData(folder: string, { name, rows, columns }: (typeof sets)[number]): { x: string; y: string } {
  const random = createRandom(1, rows);
  const normal = (): number => {
    const [one, other] = [(random() + 1) / 2 ** 32, random() / 2 ** 32];
    return Math.sqrt(-2 * Math.log(one)) * Math.cos(2 * Math.PI * other);
  };
  const values = Float32Array.from({ length: rows * columns }, normal);
  const classes = Uint8Array.from({ length: rows }, (_, row) => {
    const [a = 0, b = 0, c = 0, d = 0] = values.subarray(row * columns, row * columns + 4);
    return Number(a * b + Math.sin(2 * c) + 0.5 * d + 0.5 * normal() > 0);
  });
  const [x, y] = [join(folder, `${name}.x`), join(folder, `${name}.y`)];
  writeFileSync(x, new Uint8Array(values.buffer));
  writeFileSync(y, classes);
  return { x, y };
}
