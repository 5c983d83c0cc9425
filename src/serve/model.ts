import { hexOf } from "../base/digest.ts";
import { prepareText } from "../model/text.ts";
import { findSlipwayError } from "../base/errors.ts";
import type { Artifact } from "../artifact/types.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Logger } from "../http/log.ts";
import type { Prediction } from "../project/types.ts";
import { chooseThreads } from "./threads.ts";
import { createBatcher, type RowOwner } from "./batcher.ts";
import { rowFailed } from "./errors.ts";
import { checkRoutes, toFace, type Face } from "./face.ts";
import { createReader, type Sent } from "./prediction.ts";
import { startPool } from "./runtime/pool.ts";
import { toPorts, type ModelPorts, type Row } from "./runtime/ports.ts";
import type { ServedProject } from "./service.ts";
import type { ModelSource } from "./source/types.ts";

/** One version of a model, loaded and warm. */
export interface ServedModel {
  readonly artifact: Artifact;
  /** What metrics and protocols call it: the digest's first twelve digits. */
  readonly version: string;
  readonly ports: ModelPorts;
  readonly face: Face;
  /** A row as `ports` says. Batched with others'. The owner gets its result, `overloaded`, `rowFailed` or `dropped`. */
  ask(row: Row, owner: RowOwner<Row>): void;
  /** All rows' results, in order. Rejects with the first that failed. However many there are, they leave room for other callers. */
  askAll(rows: readonly Row[], hasLeft: () => boolean): Promise<Row[]>;
  /** What a result says. Throws `notFinite`. */
  read(result: Row, sent: Sent): Prediction;
  readonly healthy: boolean;
  /** Keeps the model alive until `letGo` is called as often: for work between picking a model and reading its answer. */
  hold(): void;
  letGo(): void;
  /** Lets holders, and what waits and runs, come to their end; then frees threads and memory. */
  drain(): Promise<void>;
}

export interface ModelOptions {
  source: ModelSource;
  /** Its routes must be such as the model can answer. */
  project: Pick<ServedProject, "serve">;
  /** Default: by the cores, the memory and the model's size. */
  threads: number | undefined;
  batching: { maxRows: number; maxQueuedRows: number };
  metrics: Metrics;
  log: Logger;
}

/** Characters of a batch of texts: models fill all up to the longest, so one long text beside many short ones would take their memory too. */
const mostCharacters = 65_536;

function lengthOf({ values }: Row): number {
  return values[0]![0]!.toString().length;
}

/** Reads, loads and warms a model. Rejects with what the store, the signature or onnxruntime has against it. */
export async function loadModel(artifact: Artifact, options: ModelOptions): Promise<ServedModel> {
  const { metrics, log, batching } = options;
  const started = performance.now();
  const { name } = artifact;
  const face = toFace(artifact);
  checkRoutes(options.project, name, face);
  const ports = toPorts(artifact.signature);
  const maxRows = ports.batched ? Math.min(batching.maxRows, ports.fixedRows ?? batching.maxRows) : 1;
  const pool = await startPool({
    name,
    readModel: () => options.source.readModel(artifact),
    ports,
    maxRows: ports.fixedRows ?? maxRows,
    threads: options.threads ?? chooseThreads(artifact.model.size),
    onFault: (error) => log.error({ err: error, model: name, digest: artifact.digest }, "a model's thread failed"),
  });
  const batches = metrics.batches(name);
  const batcher = createBatcher<Row, Row>({
    run: (rows) => pool.run(rows),
    maxRows,
    maxQueuedRows: batching.maxQueuedRows,
    ...(face.input.kind === "text" && { cost: lengthOf, maxCost: mostCharacters }),
    room: () => pool.room(),
    isolates: (error) => findSlipwayError(error)?.code === rowFailed.code,
    onBatch(rows, waited) {
      batches.observe(rows, waited);
    },
  });
  // A request of thousands of rows must fit into the queue, beside the rows of others.
  const window = Math.max(1, Math.min(16 * maxRows, batching.maxQueuedRows >> 2));
  const prepare = createPreparer(artifact);
  let holders = 0;
  let whenFree: (() => void) | undefined;
  metrics.observeLoad(name, (performance.now() - started) / 1000);
  return {
    artifact,
    version: hexOf(artifact.digest, 12),
    ports,
    face,
    ask: (row, owner) => batcher.enter(prepare(row), owner),
    async askAll(rows, hasLeft) {
      const results: Row[] = [];
      for (let from = 0; from < rows.length; from += window) {
        const part = rows.slice(from, from + window).map((row) => batcher.submit(prepare(row), hasLeft));
        results.push(...(await Promise.all(part)));
      }
      return results;
    },
    read: createReader(artifact, face),
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

/** What is done to a row before it runs: texts are made as the model learned them, whichever protocol brought them. */
function createPreparer({ signature: { inputs } }: Pick<Artifact, "signature">): (row: Row) => Row {
  if (!inputs.some(({ content }) => content?.kind === "text")) return (row) => row;
  return (row) => ({
    ...row,
    values: row.values.map((values, index) => {
      const content = inputs[index]?.content;
      return content?.kind === "text"
        ? (values as readonly string[]).map((text) => prepareText(text, content))
        : values;
    }),
  });
}
