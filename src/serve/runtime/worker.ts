/** @file The thread that runs a model: onnxruntime computes on the thread that asks, and the main one must answer callers. */
import { parentPort, workerData } from "node:worker_threads";
import { createSession, type PlainTensor } from "../../graph/run.ts";
import { elementTypeOf, viewRows, type ImageClassifier, type RowPort } from "./ports.ts";

/** What the thread gets when it starts. Rows are exchanged through shared memory; messages only say how many. */
export interface WorkerJob {
  kind: "run-model";
  name: string;
  /** Bytes of the ONNX file; given up once onnxruntime has its own copy. */
  model: Uint8Array<ArrayBuffer>;
  classifier: ImageClassifier;
  /** Rows that fit into each memory, in the model's own types. */
  maxRows: number;
  memories: readonly [SlotMemory, SlotMemory];
}

export interface SlotMemory {
  input: SharedArrayBuffer;
  output: SharedArrayBuffer;
}

/** `ready` or `unusable` once; then, for every call, its slot (numbers are the cheapest messages) or `failed`. */
export type WorkerAnswer =
  | number
  | { kind: "ready" }
  | { kind: "unusable"; reason: string }
  | { kind: "failed"; slot: number; reason: string };

/** Twice the rows to run, plus the slot whose memory they are in; `"stop"` releases the model and ends the thread. */
export type WorkerCall = number | "stop";

if (parentPort !== null && (workerData as WorkerJob | undefined)?.kind === "run-model") {
  await serveJob(workerData as WorkerJob, (answer) => parentPort!.postMessage(answer, []));
}

async function serveJob(job: WorkerJob, answer: (answer: WorkerAnswer) => void): Promise<void> {
  let model;
  try {
    model = await openModel(job);
    // The first runs of a size are slow (memory is laid out, code paged in): they are done before anyone waits for them.
    for (const rows of new Set([1, job.maxRows])) await model.run(rows, 0);
  } catch (error) {
    // Handed to the main thread, which throws it.
    return answer({ kind: "unusable", reason: reasonOf(error) });
  }
  const { run, release } = model;
  parentPort!.on("message", (call: WorkerCall) => {
    if (call === "stop") {
      parentPort!.close();
      void release();
      return;
    }
    const slot = call % 2;
    run(call >> 1, slot).then(
      () => answer(slot),
      (error: unknown) => answer({ kind: "failed", slot, reason: reasonOf(error) }),
    );
  });
  answer({ kind: "ready" });
}

async function openModel(
  job: WorkerJob,
): Promise<{ run: (rows: number, slot: number) => Promise<void>; release: () => Promise<void> }> {
  const { input, output, fixedRows } = job.classifier;
  const session = await createSession(job.model, { name: job.name });
  // Frees the file's bytes now: `workerData` would hold them as long as the thread lives.
  job.model.buffer.transfer(0);
  const bind = (rows: number, memory: SlotMemory): (() => Promise<void>) =>
    session.bind(
      { [input.name]: toTensor(input, memory.input, rows) },
      { [output.name]: toTensor(output, memory.output, rows) },
    );
  const slots = job.memories.map((memory) => ({ memory, bound: [] as (() => Promise<void>)[] }));
  return {
    run(asked, slot) {
      const rows = fixedRows ?? asked;
      const { memory, bound } = slots[slot]!;
      return (bound[rows] ??= bind(rows, memory))();
    },
    release: () => session.release(),
  };
}

function toTensor(port: RowPort, memory: SharedArrayBuffer, rows: number): PlainTensor {
  return { type: elementTypeOf(port), shape: [rows, ...port.shape], data: viewRows(port, memory, rows) };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
