import { setTimeout as delay } from "node:timers/promises";
import { sizeOf } from "./ports.ts";
import { startThread, type ModelThread, type ThreadOptions } from "./thread.ts";

/** One row of pixels in, one number a label out. */
export interface Pool {
  /** Runs at most `maxRows` rows on the next free thread; waits for one where all are busy. */
  run(rows: readonly Uint8Array[]): Promise<NumberRow[]>;
  /** A thread is there to run rows. */
  readonly healthy: boolean;
  /** Ends the threads; call it when nothing runs. */
  release(): Promise<void>;
}

export type NumberRow = Float32Array | Float64Array;

export interface PoolOptions extends ThreadOptions {
  threads: number;
  /** A thread ended by itself, or its successor did not start. */
  onFault: (error: unknown) => void;
}

/** Starts all threads at once. A thread that ends by itself is replaced. */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const outputSize = sizeOf(options.classifier.output);
  const inputSize = sizeOf(options.classifier.input);
  const started = await Promise.allSettled(Array.from({ length: options.threads }, () => startThread(options)));
  const all = new Set<ModelThread>();
  const free: ModelThread[] = [];
  const waiting: ((thread: ModelThread) => void)[] = [];
  let stopping = false;
  const isStopping = (): boolean => stopping;

  const offer = (thread: ModelThread): void => {
    if (!all.has(thread)) return;
    const next = waiting.shift();
    if (next === undefined) free.push(thread);
    else next(thread);
  };
  const adopt = (thread: ModelThread): void => {
    all.add(thread);
    void thread.ended.then(() => replace(thread));
    offer(thread);
  };
  const replace = async (thread: ModelThread): Promise<void> => {
    all.delete(thread);
    if (free.includes(thread)) free.splice(free.indexOf(thread), 1);
    let pause = 100;
    while (!isStopping()) {
      try {
        const successor = await startThread(options);
        if (isStopping()) await successor.stop();
        else adopt(successor);
        return;
      } catch (error) {
        // Told, and tried again: the rows that wait still have a chance.
        options.onFault(error);
        await delay(pause);
        pause = Math.min(pause * 2, 5000);
      }
    }
  };
  const take = (): ModelThread | Promise<ModelThread> => free.pop() ?? new Promise((resolve) => waiting.push(resolve));

  const failed = started.find((result) => result.status === "rejected");
  for (const result of started) if (result.status === "fulfilled") adopt(result.value);
  const release = async (): Promise<void> => {
    stopping = true;
    await Promise.all([...all].map((thread) => thread.stop()));
  };
  if (failed !== undefined) {
    await release();
    throw failed.reason;
  }
  return {
    async run(rows) {
      const thread = await take();
      try {
        for (let row = 0; row < rows.length; row++) thread.input.set(rows[row]!, row * inputSize);
        await thread.run(rows.length);
        const output = thread.output as Float32Array;
        return rows.map((_, row) => output.slice(row * outputSize, (row + 1) * outputSize));
      } catch (error) {
        options.onFault(error);
        throw error;
      } finally {
        offer(thread);
      }
    },
    get healthy() {
      return all.size > 0;
    },
    release,
  };
}
