/** @file `npm run bench -- <name>`: ours and the peers in the same run, in turns; a table for people and JSON in bench/results. */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { readMachine } from "./lib/machine.ts";

interface Options {
  rounds: number;
  epochs: number;
  seconds: number;
  connections: number;
  only: readonly string[];
}

interface Result {
  rows: readonly object[];
  table: string;
}

/** Every benchmark: a file beside this one and a line here. */
const benchmarks: Readonly<Record<string, (options: Options) => Promise<Result>>> = {
  train: async (options) => (await import("./train.ts")).benchTraining(options),
  serve: async (options) => (await import("./serve.ts")).benchServing(options),
  intent: async (options) => (await import("./intent.ts")).benchIntent(options),
  market: async (options) => (await import("./market.ts")).benchMarket(options),
  image: async (options) => (await import("./image.ts")).benchImage(options),
  detect: async (options) => (await import("./detect.ts")).benchDetection(options),
  weights: async (options) => (await import("./detect.ts")).benchWeights(options),
  audit: async (options) => (await import("./audit.ts")).benchAudit(options),
  forest: async (options) => (await import("./forest.ts")).benchForest(options),
};

const usage = `npm run bench -- <${Object.keys(benchmarks).join("|")}> [options]

  --rounds N        turns of every candidate (3)
  --epochs N        epochs of each training run (3)
  --only a,b        these networks (train) or candidates (serve) only
  --seconds N       load on each server, after 2 s of warm-up (8)
  --connections N   connections kept busy (64)
  --name NAME       name of the file in bench/results (the benchmark's)

Nothing else should run on the machine meanwhile.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    epochs: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    seconds: { type: "string", default: "8" },
    connections: { type: "string", default: "64" },
    name: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const [which] = positionals;
const benchmark = benchmarks[which ?? ""];
if (values.help || which === undefined || benchmark === undefined) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const machine = readMachine();
const { rows, table } = await benchmark({
  rounds: Number(values.rounds),
  epochs: Number(values.epochs),
  seconds: Number(values.seconds),
  connections: Number(values.connections),
  only: values.only.split(",").filter((word) => word !== ""),
});
const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
const folder = fileURLToPath(new URL("results/", import.meta.url));
mkdirSync(folder, { recursive: true });
const path = `${folder}${values.name ?? which}.json`;
writeFileSync(path, `${JSON.stringify({ command, date: new Date().toISOString(), machine, rows }, null, 2)}\n`);
console.log(
  `${table}\n\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, load ${machine.load} at the start\n${path}`,
);
