import { setTimeout as delay } from "node:timers/promises";
import type { Room } from "../batcher.ts";
import type { Row } from "./ports.ts";
import type { Slot } from "./slot.ts";
import { startThread, type ModelThread, type ThreadOptions } from "./thread.ts";

/** Rows in, a result for each out. */
export interface Pool {
  /** Where the next batch would go. */
  room(): Room;
  /** Runs at most `maxRows` rows on the thread with the least to do; waits for one where all have two batches. */
  run(rows: readonly Row[]): Promise<Row[]>;
  /** A thread is there to run rows. */
  readonly healthy: boolean;
  /** Ends the threads; call it when nothing runs. */
  release(): Promise<void>;
}

export interface PoolOptions extends ThreadOptions {
  threads: number;
  /** A thread ended by itself, or its successor did not start. */
  onFault: (error: unknown) => void;
}

/** Starts all threads at once. A thread that ends by itself is replaced. */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const started = await Promise.allSettled(Array.from({ length: options.threads }, () => startThread(options)));
  const all = new Set<Runner>();
  const waiting: ((place: Place) => void)[] = [];
  let batches = 0;
  let stopping = false;
  const isStopping = (): boolean => stopping;

  const offer = (runner: Runner): void => {
    while (all.has(runner) && runner.free.length > 0 && waiting.length > 0)
      waiting.shift()!({ runner, slot: runner.free.pop()! });
  };
  const adopt = (thread: ModelThread): void => {
    const runner = { thread, free: [...thread.slots] };
    all.add(runner);
    void thread.ended.then(() => replace(runner));
    offer(runner);
  };
  const replace = async (runner: Runner): Promise<void> => {
    all.delete(runner);
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
  const findRoomiest = (): Runner | undefined => {
    let roomiest: Runner | undefined;
    for (const runner of all) if (runner.free.length > (roomiest?.free.length ?? 0)) roomiest = runner;
    return roomiest;
  };
  const take = (): Place | Promise<Place> => {
    const runner = findRoomiest();
    return runner === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : { runner, slot: runner.free.pop()! };
  };

  const failed = started.find((result) => result.status === "rejected");
  for (const result of started) if (result.status === "fulfilled") adopt(result.value);
  const release = async (): Promise<void> => {
    stopping = true;
    await Promise.all([...all].map(({ thread }) => thread.stop()));
  };
  if (failed !== undefined) {
    await release();
    throw failed.reason;
  }
  return {
    room() {
      const free = findRoomiest()?.free.length ?? 0;
      // A thread that is missing will be back: its batch waits for it, as rows would.
      if (free === 2 || batches < options.threads) return "idle";
      return free === 1 ? "ahead" : "none";
    },
    async run(rows) {
      batches++;
      const taken = take();
      const { runner, slot } = taken instanceof Promise ? await taken : taken;
      try {
        return await slot.run(rows);
      } catch (error) {
        options.onFault(error);
        throw error;
      } finally {
        batches--;
        runner.free.push(slot);
        offer(runner);
      }
    },
    get healthy() {
      return all.size > 0;
    },
    release,
  };
}

interface Runner {
  thread: ModelThread;
  /** The slots without a batch. */
  free: Slot[];
}

interface Place {
  runner: Runner;
  slot: Slot;
}
