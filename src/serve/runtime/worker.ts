/** @file The thread that runs a model: onnxruntime computes on the thread that asks, and the main one must answer callers. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../base/errors.ts";
import { createSession, type PlainTensor, type Session } from "../../graph/run.ts";
import { createValues, elementTypeOf, sizeOf, viewRows, type ModelPorts, type RowPort, type Tensor } from "./ports.ts";

/** What the thread gets when it starts. */
export interface WorkerJob {
  kind: "run-model";
  name: string;
  /** Bytes of the ONNX file; given up once onnxruntime has its own copy. */
  model: Uint8Array<ArrayBuffer>;
  ports: ModelPorts;
  /** Rows that fit into each memory, in the model's own types. */
  maxRows: number;
  /** Empty where tensors come by messages. */
  memories: readonly SlotMemory[];
}

export interface SlotMemory {
  inputs: readonly SharedArrayBuffer[];
  outputs: readonly SharedArrayBuffer[];
}

/** `ready` or `unusable` once; then, for every call, its slot (numbers are the cheapest messages), its results, or `failed`. */
export type WorkerAnswer =
  | number
  | { kind: "ready" }
  | { kind: "unusable"; reason: string }
  | { kind: "done"; slot: number; outputs: Tensor[] }
  | { kind: "failed"; slot: number; reason: string };

/**
 * Twice the rows to run, plus the slot whose memory they are in, where memory is shared; else the tensors themselves. `"stop"` releases the model
 * and ends the thread.
 */
export type WorkerCall = number | { slot: number; inputs: readonly Tensor[] } | "stop";

if (parentPort !== null && (workerData as WorkerJob | undefined)?.kind === "run-model") {
  await serveJob(workerData as WorkerJob, (answer) => parentPort!.postMessage(answer, []));
}

async function serveJob(job: WorkerJob, answer: (answer: WorkerAnswer) => void): Promise<void> {
  let session: Session;
  let run: (call: Exclude<WorkerCall, "stop">) => Promise<WorkerAnswer>;
  try {
    session = await createSession(job.model, { name: job.name });
    // Frees the file's bytes now: `workerData` would hold them as long as the thread lives.
    job.model.buffer.transfer(0);
    run = job.ports.exchange === "shared" ? await shareMemory(session, job) : await takeMessages(session, job);
  } catch (error) {
    // Handed to the main thread, which throws it.
    return answer({ kind: "unusable", reason: messageOf(error) });
  }
  parentPort!.on("message", (call: WorkerCall) => {
    if (call === "stop") {
      parentPort!.close();
      void session.release();
      return;
    }
    run(call).then(answer, (error: unknown) =>
      answer({ kind: "failed", slot: typeof call === "number" ? call % 2 : call.slot, reason: messageOf(error) }),
    );
  });
  answer({ kind: "ready" });
}

/** The first runs of a size are slow (memory is laid out, code paged in): they are done before anyone waits for them. */
function rowsToWarm({ ports, maxRows }: WorkerJob): Set<number> {
  return new Set(ports.fixedRows === undefined ? [1, maxRows] : [ports.fixedRows]);
}

async function shareMemory(session: Session, job: WorkerJob): Promise<(call: WorkerCall) => Promise<number>> {
  const { inputs, outputs, fixedRows } = job.ports;
  const toTensors = (ports: readonly RowPort[], memory: readonly SharedArrayBuffer[], rows: number) =>
    Object.fromEntries(ports.map((port, index) => [port.name, toShared(port, memory[index]!, rows)]));
  const bind = (rows: number, memory: SlotMemory): (() => Promise<void>) =>
    session.bind(toTensors(inputs, memory.inputs, rows), toTensors(outputs, memory.outputs, rows));
  const slots = job.memories.map((memory) => ({ memory, bound: [] as (() => Promise<void>)[] }));
  const run = async (call: WorkerCall): Promise<number> => {
    const slot = (call as number) % 2;
    const rows = fixedRows ?? (call as number) >> 1;
    const { memory, bound } = slots[slot]!;
    await (bound[rows] ??= bind(rows, memory))();
    return slot;
  };
  for (const rows of rowsToWarm(job)) await run(rows * 2);
  return run;
}

async function takeMessages(session: Session, job: WorkerJob): Promise<(call: WorkerCall) => Promise<WorkerAnswer>> {
  const { inputs, outputs, batched } = job.ports;
  const run = async (tensors: readonly Tensor[]): Promise<Tensor[]> => {
    const feeds = inputs.map((port, index) => [port.name, toPlain(port, tensors[index]!)] as const);
    const results = await session.run(Object.fromEntries(feeds));
    return outputs.map(({ name }) => ({ shape: results[name]!.shape, data: results[name]!.data }));
  };
  // Sizes that only a caller knows cannot be tried out.
  if (batched)
    for (const rows of rowsToWarm(job))
      await run(
        inputs.map((port) => ({ shape: [rows, ...port.shape], data: createValues(port, rows * sizeOf(port)) })),
      );
  return async (call) => {
    const { slot, inputs: tensors } = call as Exclude<WorkerCall, number | "stop">;
    return { kind: "done", slot, outputs: await run(tensors) };
  };
}

function toShared(port: RowPort, memory: SharedArrayBuffer, rows: number): PlainTensor {
  return { type: elementTypeOf(port), shape: [rows, ...port.shape], data: viewRows(port, memory, rows) };
}

function toPlain(port: RowPort, { shape, data }: Tensor): PlainTensor {
  return { type: elementTypeOf(port), shape, data };
}
