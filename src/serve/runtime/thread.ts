import { Worker } from "node:worker_threads";
import { locate } from "../../base/locate.ts";
import { switchTelemetryOff } from "../../base/telemetry.ts";
import { rowFailed, workerDied } from "../errors.ts";
import { graphLoad } from "../../graph/errors.ts";
import { bytesPerRow, type ModelPorts, type RowPort } from "./ports.ts";
import { openMessageSlot, openSharedSlot, type Slot } from "./slot.ts";
import type { SlotMemory, WorkerAnswer, WorkerCall, WorkerJob } from "./worker.ts";

/** A model on a thread of its own. It runs one batch at a time, one a slot, in the order of their calls. */
export interface ModelThread {
  /** Memory for two batches: one is filled, or read, while the other runs. */
  readonly slots: readonly [Slot, Slot];
  /** Resolves when the thread has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Releases the model; call it when nothing runs. */
  stop(): Promise<void>;
}

export interface ThreadOptions {
  name: string;
  /** Reads the ONNX file. The bytes are handed over to the thread, so they are read for each anew. */
  readModel: () => Promise<Uint8Array>;
  ports: ModelPorts;
  maxRows: number;
}

/** Starts the thread, loads the model and runs it once or twice. Rejects with `graphLoad` or `workerDied`. */
export async function startThread(options: ThreadOptions): Promise<ModelThread> {
  const { name, ports, maxRows } = options;
  switchTelemetryOff();
  const model = toOwnMemory(await options.readModel());
  const share = (all: readonly RowPort[]): SharedArrayBuffer[] =>
    all.map((port) => new SharedArrayBuffer(bytesPerRow(port) * maxRows));
  const memory = (): SlotMemory => ({ inputs: share(ports.inputs), outputs: share(ports.outputs) });
  const memories = ports.exchange === "shared" ? [memory(), memory()] : [];
  const job: WorkerJob = { kind: "run-model", name, model, ports, maxRows, memories };
  const worker = new Worker(locate(import.meta.url, "worker.ts", "server.js"), {
    workerData: job,
    transferList: [model.buffer],
    // The thread holds next to nothing on its heap; the default would reserve as much as the main one.
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 },
    execArgv: [],
  });
  const pending: (Pending | undefined)[] = [];
  let reason = "it was stopped";
  const settle = (slot: number, answer: WorkerAnswer | Error): void => {
    const settled = pending[slot];
    pending[slot] = undefined;
    if (answer instanceof Error) settled?.reject(answer);
    else settled?.resolve(answer);
  };
  const next = (slot: number): Promise<WorkerAnswer> =>
    new Promise((resolve, reject) => (pending[slot] = { resolve, reject }));
  const ended = new Promise<void>((resolve) => {
    worker.once("error", (error: Error) => (reason = error.message));
    worker.once("exit", () => {
      for (const slot of pending.keys())
        settle(slot, workerDied({ model: name, reason, wanted: "a thread that lives as long as the server" }));
      resolve();
    });
  });
  worker.on("message", (answer: WorkerAnswer) => {
    if (typeof answer === "number") settle(answer, answer);
    else if (answer.kind === "done") settle(answer.slot, answer);
    else if (answer.kind === "ready") settle(0, answer);
    else if (answer.kind === "failed")
      settle(answer.slot, rowFailed({ model: name, reason: answer.reason, wanted: "a result" }));
    else settle(0, graphLoad({ model: name, reason: answer.reason }));
  });
  const call = (message: WorkerCall): void => worker.postMessage(message, []);
  try {
    await next(0);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  const openSlot = (slot: 0 | 1): Slot => {
    const slotOptions = {
      model: name,
      ports,
      maxRows,
      call(at: number, message: WorkerCall) {
        call(message);
        return next(at);
      },
    };
    const shared = memories[slot];
    return shared === undefined ? openMessageSlot(slot, slotOptions) : openSharedSlot(slot, shared, slotOptions);
  };
  return {
    slots: [openSlot(0), openSlot(1)],
    ended,
    async stop() {
      call("stop");
      await ended;
    },
  };
}

interface Pending {
  resolve: (answer: WorkerAnswer) => void;
  reject: (error: Error) => void;
}

/** Memory can be handed over only whole: a view of a part of some buffer is copied. */
function toOwnMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? new Uint8Array(buffer)
    : bytes.slice();
}
