/** @file Trains one network in a process of its own and prints one line of JSON, as bench/peers/train_torch.py does. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Layer } from "../src/model/layers.ts";
import { adadelta, crossEntropy, sequential } from "../src/train/index.ts";
import { runTrainer } from "../src/train/run.ts";

interface Spec {
  layers: Layer[];
  channels: 1 | 3;
  height: number;
  width: number;
  classes: number;
  batch: number;
  epochs: number;
  threads: number;
  seed: number;
  x: string;
  y: string;
  /** The first so many rows are trained on, the others held out. */
  train: number;
  engine: "auto" | "graph";
}

const spec: Spec = JSON.parse(process.argv[2] ?? "{}");
const content = readFileSync(spec.x);
const pixels = new Uint8Array(new SharedArrayBuffer(content.length));
pixels.set(content);
const classes = readFileSync(spec.y);
const targets = new Int32Array(new SharedArrayBuffer(classes.length));
new Uint8Array(targets.buffer).set(classes);
const count = targets.length;

const workspace = await mkdtemp(join(tmpdir(), "slipway-bench-"));
const trained = await runTrainer(
  sequential({
    layers: spec.layers,
    loss: crossEntropy(),
    optimizer: adadelta({ rate: 1 }),
    batch: spec.batch,
    epochs: spec.epochs,
    seed: spec.seed,
    workers: spec.threads,
    engine: spec.engine,
  }),
  {
    examples: {
      kind: "images",
      count,
      height: spec.height,
      width: spec.width,
      channels: spec.channels,
      labels: Array.from({ length: spec.classes }, (_, i) => String(i)),
      pixels,
      targets,
    },
    split: {
      train: Int32Array.from({ length: spec.train }, (_, i) => i),
      validation: Int32Array.from({ length: count - spec.train }, (_, i) => spec.train + i),
    },
    folder: workspace,
    paths: Array.from({ length: count }, (_, i) => `${i}`),
    root: workspace,
    workspace,
    resume: false,
    report: () => {},
    signal: new AbortController().signal,
  },
);
await rm(workspace, { recursive: true });
const rows = spec.train - (spec.train % spec.batch);
console.log(
  JSON.stringify({
    seconds: trained.history.map(({ samplesPerSecond }) => rows / samplesPerSecond),
    rows,
    accuracy: trained.metrics["accuracy"] ?? 0,
    memoryMB: (process.resourceUsage().maxRSS * 1024) / 1e6,
    version: process.versions.node,
  }),
);
process.exit(0);
