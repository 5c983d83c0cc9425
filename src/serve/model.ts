import { findSlipwayError } from "../base/errors.ts";
import type { Artifact } from "../artifact/types.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Logger } from "../http/log.ts";
import type { Prediction } from "../project/types.ts";
import { createBatcher, type RowOwner } from "./batcher.ts";
import { notFinite, rowFailed } from "./errors.ts";
import { startPool, type NumberRow } from "./runtime/pool.ts";
import type { ModelSource } from "./source/types.ts";
import { toImageClassifier, type ImageClassifier } from "./runtime/ports.ts";

/** One version of a model, loaded and warm. */
export interface ServedModel {
  readonly artifact: Artifact;
  /** What metrics call it: the digest's first twelve digits. */
  readonly version: string;
  readonly classifier: ImageClassifier;
  /** `pixels` as `classifier.image` says. Batched with others'. The owner gets its row, `overloaded`, `rowFailed` or `dropped`. */
  ask(pixels: Uint8Array, owner: RowOwner<NumberRow>): void;
  /** What a row says. Throws `notFinite`. */
  read(row: NumberRow): Prediction;
  readonly healthy: boolean;
  /** Keeps the model alive until `letGo` is called as often: for work between picking a model and reading its answer. */
  hold(): void;
  letGo(): void;
  /** Lets holders, and what waits and runs, come to their end; then frees threads and memory. */
  drain(): Promise<void>;
}

export interface ModelOptions {
  source: ModelSource;
  threads: number;
  batching: { maxRows: number; maxQueuedRows: number };
  metrics: Metrics;
  log: Logger;
}

/** Reads, loads and warms a model. Rejects with what the store, the signature or onnxruntime has against it. */
export async function loadModel(artifact: Artifact, options: ModelOptions): Promise<ServedModel> {
  const { metrics, log, batching } = options;
  const started = performance.now();
  const { name } = artifact;
  const classifier = toImageClassifier(artifact);
  const maxRows = Math.min(batching.maxRows, classifier.fixedRows ?? batching.maxRows);
  const pool = await startPool({
    name,
    readModel: () => options.source.readModel(artifact),
    classifier,
    maxRows: classifier.fixedRows ?? maxRows,
    threads: options.threads,
    onFault: (error) => log.error({ err: error, model: name, digest: artifact.digest }, "a model's thread failed"),
  });
  const batches = metrics.batches(name);
  const batcher = createBatcher<Uint8Array, NumberRow>({
    run: (rows) => pool.run(rows),
    maxRows,
    maxQueuedRows: batching.maxQueuedRows,
    room: () => pool.room(),
    isolates: (error) => findSlipwayError(error)?.code === rowFailed.code,
    onBatch(rows, waited) {
      batches.observe(rows, waited);
    },
  });
  let holders = 0;
  let whenFree: (() => void) | undefined;
  metrics.observeLoad(name, (performance.now() - started) / 1000);
  return {
    artifact,
    version: artifact.digest.slice("sha256:".length, "sha256:".length + 12),
    classifier,
    ask: (pixels, owner) => batcher.enter(pixels, owner),
    read: (row) => toPrediction(name, classifier.labels, row),
    get healthy() {
      return pool.healthy;
    },
    hold() {
      holders++;
    },
    letGo() {
      holders--;
      if (holders === 0) whenFree?.();
    },
    async drain() {
      if (holders > 0) await new Promise<void>((resolve) => (whenFree = resolve));
      await batcher.idle();
      await pool.release();
    },
  };
}

/** `probabilities` is made only when somebody asks: most routes answer with the label alone. */
function toPrediction(model: string, labels: readonly string[], row: NumberRow): Prediction {
  let best = 0;
  let sum = 0;
  for (let index = 0; index < row.length; index++) {
    sum += row[index]!;
    if (row[index]! > row[best]!) best = index;
  }
  if (!Number.isFinite(sum)) throw notFinite({ model, wanted: "finite probabilities" });
  return {
    label: labels[best]!,
    probability: toShort(row[best]!),
    get probabilities() {
      return Object.fromEntries(labels.map((label, index) => [label, toShort(row[index]!)]));
    },
  };
}

/** Float32 has seven digits to give; a double would show its rounding as news. */
function toShort(probability: number): number {
  return Number(probability.toPrecision(7));
}
