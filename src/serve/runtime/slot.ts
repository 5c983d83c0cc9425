/** @file How a batch gets to a model's thread and its results back. */
import { outputsUnexpected } from "../errors.ts";
import {
  createValues,
  sizeOf,
  viewRows,
  type ModelPorts,
  type NumberArray,
  type Row,
  type RowPort,
  type Tensor,
  type Values,
} from "./ports.ts";
import type { SlotMemory, WorkerAnswer, WorkerCall } from "./worker.ts";

export interface Slot {
  /** Gives one result a row. Rejects with `rowFailed` where the model failed, `workerDied` where the thread ended. */
  run(rows: readonly Row[]): Promise<Row[]>;
}

export interface SlotOptions {
  model: string;
  ports: ModelPorts;
  maxRows: number;
  /** Sends a call and gives its answer. */
  call: (slot: number, message: WorkerCall) => Promise<WorkerAnswer>;
}

/** Rows are written where the thread reads them; messages only say how many. */
export function openSharedSlot(slot: number, memory: SlotMemory, { ports, maxRows, call }: SlotOptions): Slot {
  const view = (
    all: readonly RowPort[],
    memories: readonly SharedArrayBuffer[],
  ): { memory: NumberArray; size: number }[] =>
    all.map((port, index) => ({ memory: viewRows(port, memories[index]!, maxRows), size: sizeOf(port) }));
  const inputs = view(ports.inputs, memory.inputs);
  const outputs = view(ports.outputs, memory.outputs);
  return {
    async run(rows) {
      for (let port = 0; port < inputs.length; port++) {
        const { memory: into, size } = inputs[port]!;
        for (let row = 0; row < rows.length; row++) into.set(rows[row]!.values[port] as never, row * size);
      }
      await call(slot, rows.length * 2 + slot);
      return rows.map((_, row) => ({
        values: outputs.map(({ memory: from, size }) => from.slice(row * size, (row + 1) * size)),
      }));
    },
  };
}

/** Tensors go and come by value. */
export function openMessageSlot(slot: number, { model, ports, call }: SlotOptions): Slot {
  return {
    async run(rows) {
      const inputs = ports.batched ? joinRows(ports, rows) : toTensors(rows[0]!);
      const answer = await call(slot, { slot, inputs });
      const outputs = typeof answer === "object" && answer.kind === "done" ? answer.outputs : [];
      return ports.batched
        ? splitRows(model, outputs, { rows: rows.length, run: ports.fixedRows ?? rows.length })
        : [{ values: outputs.map(({ data }) => data), shapes: outputs.map(({ shape }) => shape) }];
    },
  };
}

function toTensors({ values, shapes = [] }: Row): Tensor[] {
  return values.map((data, index) => ({ shape: shapes[index] ?? [data.length], data }));
}

function joinRows({ inputs, fixedRows }: ModelPorts, rows: readonly Row[]): Tensor[] {
  const count = fixedRows ?? rows.length;
  return inputs.map((port, index) => {
    const size = sizeOf(port);
    const data = createValues(port, count * size);
    for (const [row, { values }] of rows.entries()) {
      const one = values[index]!;
      if (Array.isArray(data)) for (let at = 0; at < size; at++) data[row * size + at] = one[at] as string;
      else data.set(one as never, row * size);
    }
    return { shape: [count, ...port.shape], data };
  });
}

/** Sizes beyond the first axis may be what only the run tells. */
function splitRows(model: string, outputs: readonly Tensor[], { rows, run }: { rows: number; run: number }): Row[] {
  const parts = outputs.map(({ shape, data }) => {
    if (shape[0] !== run)
      throw outputsUnexpected({ model, seen: `[${shape.join(", ")}] for ${run} rows`, wanted: "one result a row" });
    return { shape: [1, ...shape.slice(1)], size: data.length / run, data };
  });
  return Array.from({ length: rows }, (_, row) => ({
    values: parts.map(({ data, size }) => data.slice(row * size, (row + 1) * size) as Values),
    shapes: parts.map(({ shape }) => shape),
  }));
}
