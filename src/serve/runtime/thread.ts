import { Worker } from "node:worker_threads";
import { locate } from "../../base/locate.ts";
import { switchTelemetryOff } from "../../base/telemetry.ts";
import { rowFailed, workerDied } from "../errors.ts";
import { graphLoad } from "../../graph/errors.ts";
import { bytesPerRow, viewRows, type ImageClassifier, type NumberArray } from "./ports.ts";
import type { WorkerAnswer, WorkerCall, WorkerJob } from "./worker.ts";

/** A model on a thread of its own. One batch at a time. */
export interface ModelThread {
  /** Where the rows of the next batch are written, and where its results are read once `run` resolves. */
  readonly input: NumberArray;
  readonly output: NumberArray;
  /** Rejects with `rowFailed` where the model failed, `workerDied` where the thread ended. */
  run(rows: number): Promise<void>;
  /** Resolves when the thread has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Releases the model; call it when nothing runs. */
  stop(): Promise<void>;
}

export interface ThreadOptions {
  name: string;
  /** Reads the ONNX file. The bytes are handed over to the thread, so they are read for each anew. */
  readModel: () => Promise<Uint8Array>;
  classifier: ImageClassifier;
  maxRows: number;
}

/** Starts the thread, loads the model and runs it once or twice. Rejects with `graphLoad` or `workerDied`. */
export async function startThread(options: ThreadOptions): Promise<ModelThread> {
  const { name, classifier, maxRows } = options;
  switchTelemetryOff();
  const model = toOwnMemory(await options.readModel());
  const input = new SharedArrayBuffer(bytesPerRow(classifier.input) * maxRows);
  const output = new SharedArrayBuffer(bytesPerRow(classifier.output) * maxRows);
  const job: WorkerJob = { kind: "run-model", name, model, classifier, maxRows, input, output };
  const worker = new Worker(locate(import.meta.url, "worker.ts", "server.js"), {
    workerData: job,
    transferList: [model.buffer],
    // The thread holds next to nothing on its heap; the default would reserve as much as the main one.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 },
    execArgv: [],
  });
  let pending: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  let reason = "it was stopped";
  const settle = (error?: unknown): void => {
    const settled = pending;
    pending = undefined;
    if (error === undefined) settled?.resolve();
    else settled?.reject(error);
  };
  const next = (): Promise<void> => new Promise((resolve, reject) => (pending = { resolve, reject }));
  const ended = new Promise<void>((resolve) => {
    worker.once("error", (error: Error) => (reason = error.message));
    worker.once("exit", () => {
      settle(workerDied({ model: name, reason, wanted: "a thread that lives as long as the server" }));
      resolve();
    });
  });
  worker.on("message", (answer: WorkerAnswer) => {
    if (answer === true || answer.kind === "ready") settle();
    else if (answer.kind === "failed") settle(rowFailed({ model: name, reason: answer.reason, wanted: "a result" }));
    else settle(graphLoad({ model: name, reason: answer.reason }));
  });
  const call = (message: WorkerCall): void => worker.postMessage(message, []);
  try {
    await next();
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    input: viewRows(classifier.input, input, maxRows),
    output: viewRows(classifier.output, output, maxRows),
    run(rows) {
      call(rows);
      return next();
    },
    ended,
    async stop() {
      call("stop");
      await ended;
    },
  };
}

/** Memory can be handed over only whole: a view of a part of some buffer is copied. */
function toOwnMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? new Uint8Array(buffer)
    : bytes.slice();
}
