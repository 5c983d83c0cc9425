/** @file `npm run bench -- train|serve|start`: ours and the peers in the same run, in turns; a table for people and JSON in bench/results. */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { readMachine } from "./lib/machine.ts";
import { benchServing } from "./serve.ts";
import { benchTraining } from "./train.ts";

const usage = `npm run bench -- <train|serve> [options]

  --rounds N        turns of every candidate (train 3, serve 3)
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
const only = values.only.split(",").filter((word) => word !== "");
const rounds = Number(values.rounds);

if (values.help || (which !== "train" && which !== "serve")) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const machine = readMachine();
const { rows, table } =
  which === "train"
    ? await benchTraining({ rounds, epochs: Number(values.epochs), only })
    : await benchServing({ rounds, only, seconds: Number(values.seconds), connections: Number(values.connections) });
const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
const folder = fileURLToPath(new URL("results/", import.meta.url));
mkdirSync(folder, { recursive: true });
const path = `${folder}${values.name ?? which}.json`;
writeFileSync(path, `${JSON.stringify({ command, date: new Date().toISOString(), machine, rows }, null, 2)}\n`);
console.log(
  `${table}\n\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, load ${machine.load} at the start\n${path}`,
);
