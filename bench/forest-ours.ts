/** @file One process of the benchmark: fits a forest as often as the spec says, and prints how long each fit took. */
import { readFileSync } from "node:fs";
import { binColumns } from "../src/model/forest/bin.ts";
import { predictRow } from "../src/model/forest/tree.ts";
import { growForest } from "../src/train/forest/team.ts";
import type { ForestRun, ForestSpec } from "./forest.ts";

const spec = JSON.parse(process.argv[2] ?? "") as ForestSpec;
const { rows, columns, trees, depth, seed, fits } = spec;
const values = new Float32Array(new Uint8Array(readFileSync(spec.x)).buffer);
const classes = readFileSync(spec.y);
const held = Math.floor(rows / 5);
const count = rows - held;
const targets = new Uint16Array(new SharedArrayBuffer(2 * count));
targets.set(classes.subarray(0, count));
const options = { depth, features: Math.floor(Math.sqrt(columns)), minLeaf: 1, seed };

const fit = () =>
  growForest(
    { binned: binColumns(values.subarray(0, count * columns), columns, 256), targets, classes: 2, trees, options },
    { workers: 0 },
  );
let forest = await fit();
const seconds: number[] = [];
for (let i = 0; i < fits; i++) {
  const started = performance.now();
  forest = await fit();
  seconds.push((performance.now() - started) / 1000);
}
let right = 0;
for (let row = count; row < rows; row++) {
  const [no = 0, yes = 0] = predictRow(forest, values.subarray(row * columns, (row + 1) * columns));
  right += Number(Number(yes > no) === classes[row]);
}
const told: ForestRun = { seconds, accuracy: right / held, version: `node ${process.versions.node}` };
console.log(JSON.stringify(told));
