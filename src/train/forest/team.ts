/** @file Grows a forest on several threads. Whoever is free takes the next tree; a tree depends on its number alone. */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { locate } from "../../base/locate.ts";
import type { Forest, Tree } from "../../model/forest/tree.ts";
import { trainInterrupted, trainWorkerFailed } from "../errors.ts";
import { type ForestJob, growTrees } from "./job.ts";

export interface GrowForestOptions {
  /** Threads, this one included; 0 is one a core. */
  workers: number;
  onTree?: (grown: number) => void;
  signal?: AbortSignal;
}

/** Work (rows × columns tried × levels × trees) below which starting a thread costs more than it brings. */
const smallWork = 30e6;

/** Throws `trainInterrupted` or `trainWorkerFailed`. */
export async function growForest(
  job: Omit<ForestJob, "next">,
  { workers, onTree = () => {}, signal }: GrowForestOptions,
): Promise<Forest> {
  const { binned, options, trees: count, classes } = job;
  const next = new Int32Array(new SharedArrayBuffer(4));
  const shared: ForestJob = { ...job, next };
  const trees: Tree[] = Array.from({ length: count });
  let grown = 0;
  const take = ({ index, tree }: { index: number; tree: Tree }): void => {
    trees[index] = tree;
    onTree(++grown);
  };
  const work = binned.rows * options.features * options.depth * count;
  const wanted = workers === 0 ? (work < smallWork ? 1 : availableParallelism()) : workers;
  const stop = (): void => void Atomics.store(next, 0, count);
  signal?.addEventListener("abort", stop);
  const helpers = Array.from({ length: Math.min(wanted, count) - 1 }, (_, index) =>
    startHelper(shared, index + 1, take),
  );
  try {
    await Promise.all([growHere(shared, take, signal), ...helpers.map(({ done }) => done)]);
  } finally {
    stop();
    signal?.removeEventListener("abort", stop);
    await Promise.all(helpers.map(({ end }) => end()));
  }
  if (signal?.aborted === true) throw trainInterrupted({ at: `after ${grown} of ${count} trees`, checkpoint: null });
  return { columns: binned.columns, classes, trees };
}

/** This thread grows too, while the others start; between two trees it lets messages and Ctrl-C arrive. */
async function growHere(
  job: ForestJob,
  take: (grown: { index: number; tree: Tree }) => void,
  signal?: AbortSignal,
): Promise<void> {
  let since = performance.now();
  for (const grown of growTrees(job)) {
    take(grown);
    if (signal?.aborted === true) return;
    if (performance.now() - since < 20) continue;
    await setImmediate();
    since = performance.now();
  }
}

function startHelper(
  job: ForestJob,
  index: number,
  take: (grown: { index: number; tree: Tree }) => void,
): { done: Promise<void>; end: () => Promise<unknown> } {
  const worker = new Worker(locate(import.meta.url, "./worker.ts", "forest-worker.js"), {
    workerData: job,
    name: `slipway-forest-${index}`,
  });
  const done = new Promise<void>((resolve, reject) => {
    worker.on("message", take);
    worker.once("error", (error) =>
      reject(trainWorkerFailed({ worker: index, reason: error.message }, { cause: error })),
    );
    worker.once("exit", () => resolve());
  });
  return { done, end: () => worker.terminate() };
}
