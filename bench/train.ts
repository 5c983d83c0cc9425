/** @file Training against PyTorch: the same network, batch, optimizer and data, in turns. A run's figure is the median of its epochs. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadExamples, openDataset } from "../src/data/open.ts";
import { imageFolder } from "../src/data/index.ts";
import { preparePeers } from "./lib/peers.ts";
import { runJson } from "./lib/process.ts";
import { formatNumber, formatSummary, summarise, type Summary } from "./lib/stats.ts";
import { formatTable } from "./lib/table.ts";
import { networks, type Network } from "./networks.ts";

interface Run {
  seconds: number[];
  rows: number;
  accuracy: number;
  memoryMB: number;
  version: string;
}

export interface TrainRow {
  network: string;
  candidate: string;
  samplesPerSecond: Summary;
  accuracy: number;
  memoryMB: number;
  version: string;
  /** Ours divided by this candidate, samples/s, median of the ratios within each round. */
  oursTimes: number;
}

const passive = {
  OMP_WAIT_POLICY: "PASSIVE",
  MALLOC_TRIM_THRESHOLD_: "536870912",
  MALLOC_MMAP_THRESHOLD_: "536870912",
};
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export async function benchTraining(options: {
  rounds: number;
  epochs: number;
  only: readonly string[];
}): Promise<{ rows: TrainRow[]; table: string }> {
  const python = preparePeers();
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const rows: TrainRow[] = [];
  try {
    for (const network of networks.filter(({ name }) => options.only.length === 0 || options.only.includes(name))) {
      rows.push(...(await benchNetwork(network, python, folder, options)));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const table = formatTable(
    ["network", "candidate", "samples/s: median (range)", "ours ×", "accuracy", "RSS MB"],
    rows.map((row) => [
      row.network,
      row.candidate,
      formatSummary(row.samplesPerSecond),
      formatNumber(row.oursTimes),
      row.accuracy.toFixed(3),
      formatNumber(row.memoryMB),
    ]),
  );
  return { rows, table };
}

async function benchNetwork(
  network: Network,
  python: string,
  folder: string,
  options: { rounds: number; epochs: number },
): Promise<TrainRow[]> {
  const data = await writeData(network, folder);
  const spec = {
    ...data,
    layers: network.layers,
    channels: network.channels,
    height: network.height,
    width: network.width,
    classes: 10,
    batch: 64,
    epochs: options.epochs,
    threads: 2,
    seed: 1,
    engine: "auto",
  };
  const candidates: [name: string, run: () => Promise<Run>][] = [
    ["slipway", () => runJson(process.execPath, [script("train-ours.ts"), JSON.stringify(spec)])],
    ["torch", () => runJson(python, [script("peers/train_torch.py"), JSON.stringify({ ...spec, tuned: false })])],
    [
      "torch tuned",
      () => runJson(python, [script("peers/train_torch.py"), JSON.stringify({ ...spec, tuned: true })], passive),
    ],
  ];
  const runs = new Map<string, Run[]>(candidates.map(([name]) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const [name, run] of candidates) {
      const result = await run();
      runs.get(name)!.push(result);
      process.stderr.write(
        `${network.name} round ${round + 1}/${options.rounds} ${name}: ${formatNumber(speed(result))} samples/s\n`,
      );
    }
  }
  const ours = runs.get("slipway")!.map(speed);
  return [...runs].map(([candidate, all]) => ({
    network: network.name,
    candidate,
    samplesPerSecond: summarise(all.map(speed)),
    accuracy: summarise(all.map(({ accuracy }) => accuracy)).median,
    memoryMB: summarise(all.map(({ memoryMB }) => memoryMB)).median,
    version: all[0]!.version,
    oursTimes: summarise(all.map((run, round) => ours[round]! / speed(run))).median,
  }));
}

const speed = ({ rows, seconds }: Run): number => rows / summarise(seconds).median;

/** The real digits where the network takes them; seeded noise elsewhere, where only speed is asked for. */
async function writeData(network: Network, folder: string): Promise<{ x: string; y: string; train: number }> {
  const x = join(folder, `${network.name}.x`);
  const y = join(folder, `${network.name}.y`);
  if (network.channels === 1) {
    const dataset = await openDataset(imageFolder("data", { size: [28, 28], channels: 1 }), {
      root: script("../examples/digits"),
    });
    const examples = await loadExamples(dataset, {});
    // A fixed stride through the sorted files mixes the labels; 4,000 rows train, the others are held out.
    const order = Array.from({ length: examples.count }, (_, i) => (i * 1009) % examples.count);
    writeFileSync(x, Buffer.concat(order.map((i) => examples.pixels.subarray(i * 784, i * 784 + 784))));
    writeFileSync(y, new Uint8Array(Int32Array.from(order, (i) => examples.targets[i]!).buffer));
  } else {
    let state = 1;
    const draw = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
    const count = network.rows + 64;
    writeFileSync(x, Uint8Array.from({ length: count * network.channels * network.height * network.width }, draw));
    writeFileSync(y, new Uint8Array(Int32Array.from({ length: count }, () => draw() % 10).buffer));
  }
  return { x, y, train: network.rows };
}
