/** @file SSD300 beside PyTorch: one image from bytes to boxes (`detect`), and its 100 MB of weights from the disk (`weights`). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preparePeers } from "./lib/peers.ts";
import { runJson } from "./lib/process.ts";
import { formatNumber, formatSummary, summarise, type Summary } from "./lib/stats.ts";
import { formatTable } from "./lib/table.ts";

interface Run {
  seconds: number[];
  memoryMB: number;
  version: string;
  /** PyTorch alone tells it: the network without decoding and suppression. */
  network?: number[];
  cpu?: number[];
}

export interface DetectRow {
  task: string;
  candidate: string;
  /** Milliseconds of one image, or of one reading: medians of the rounds. */
  milliseconds: Summary;
  /** Of them, those of the network alone. */
  network?: Summary;
  /** Processor time of one image over all threads, waiting in loops included: what a busy machine changes least. */
  cpu?: Summary;
  /** Reading the same file again in the same process, where memory is at hand. */
  again?: Summary;
  memoryMB: number;
  version: string;
  /** This candidate's time divided by ours, median of the ratios within each round. */
  oursTimes: number;
}

type Candidate = [name: string, run: () => Promise<Run>];

const passive = { OMP_WAIT_POLICY: "PASSIVE" };
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const threads = 2;

/** One image: PyTorch as installed, and tuned (channels_last, passive waiting, inference mode in both). */
export async function benchDetection(options: { rounds: number }): Promise<{ rows: DetectRow[]; table: string }> {
  return await withWeights(async (folder, python) => {
    const torch = (tuned: boolean): string[] => ["run", folder, JSON.stringify({ threads, tuned, images: 20 })];
    return await takeTurns("one image", options.rounds, [
      ["slipway", () => runJson(process.execPath, [script("detect-ours.ts"), ...torch(false)])],
      ["torch", () => runJson(python, [script("peers/detect_torch.py"), ...torch(false)])],
      ["torch tuned", () => runJson(python, [script("peers/detect_torch.py"), ...torch(true)], passive)],
    ]);
  });
}

/** Reading all tensors of a file that the disk's cache holds, in either format: the first time in a process, as programs do. */
export async function benchWeights(options: { rounds: number }): Promise<{ rows: DetectRow[]; table: string }> {
  return await withWeights(async (folder, python) => {
    const rows: DetectRow[] = [];
    for (const format of ["zip", "legacy"]) {
      const spec = ["load", folder, JSON.stringify({ threads, format, times: 6 })];
      rows.push(
        ...(await takeTurns(`read ${format}`, options.rounds, [
          ["slipway", () => runJson(process.execPath, [script("detect-ours.ts"), ...spec])],
          ["torch.load", () => runJson(python, [script("peers/detect_torch.py"), ...spec])],
        ])),
      );
    }
    return rows;
  });
}

async function withWeights(
  measure: (folder: string, python: string) => Promise<DetectRow[]>,
): Promise<{ rows: DetectRow[]; table: string }> {
  const python = preparePeers();
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  try {
    await runJson(python, [script("peers/detect_torch.py"), "make", folder]);
    const rows = await measure(folder, python);
    const table = formatTable(
      ["task", "candidate", "ms: median (range)", "network alone, or again", "CPU ms", "its time / ours", "RSS MB"],
      rows.map((row) => [
        row.task,
        row.candidate,
        formatSummary(row.milliseconds),
        formatNumber((row.network ?? row.again)?.median ?? Number.NaN),
        formatNumber(row.cpu?.median ?? Number.NaN),
        formatNumber(row.oursTimes),
        formatNumber(row.memoryMB),
      ]),
    );
    return { rows, table };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function takeTurns(task: string, rounds: number, candidates: readonly Candidate[]): Promise<DetectRow[]> {
  const time = ({ seconds }: Run): number =>
    (task.startsWith("read") ? (seconds[0] ?? Number.NaN) : summarise(seconds).median) * 1000;
  const runs = new Map<string, Run[]>(candidates.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of candidates) {
      const result = await run();
      runs.get(name)!.push(result);
      process.stderr.write(`${task} round ${round + 1}/${rounds} ${name}: ${formatNumber(time(result))} ms\n`);
    }
  }
  const ours = runs.get("slipway")!.map(time);
  return [...runs].map(([candidate, all]) => {
    const network = all.flatMap(({ network: alone }) => (alone === undefined ? [] : [summarise(alone).median * 1000]));
    const cpu = all.flatMap(({ cpu: spent }) => (spent === undefined ? [] : [summarise(spent).median * 1000]));
    const again = task.startsWith("read") ? all.map(({ seconds }) => summarise(seconds.slice(1)).median * 1000) : [];
    return {
      task,
      candidate,
      milliseconds: summarise(all.map(time)),
      ...(network.length > 0 && { network: summarise(network) }),
      ...(cpu.length > 0 && { cpu: summarise(cpu) }),
      ...(again.length > 0 && { again: summarise(again) }),
      memoryMB: summarise(all.map(({ memoryMB }) => memoryMB)).median,
      version: all[0]!.version,
      oursTimes: summarise(all.map((run, round) => time(run) / ours[round]!)).median,
    };
  });
}
