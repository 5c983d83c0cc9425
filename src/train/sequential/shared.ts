/** @file What the workers of one run share: memory that all of them see, how it is divided, and the barrier between phases. */
import { trainWorkerFailed } from "../errors.ts";

export interface Shared {
  workers: number;
  /** Parameters in the step's layout. */
  parameters: Float32Array;
  /** For each worker: its shard's gradients, for the other workers' slices. */
  gradients: Float32Array;
  /** The optimizer's memory, one array of parameters after the other. Filled whenever the workers halt. */
  states: Float32Array;
  /** For each worker: its shard's statistics. Filled whenever the workers halt. */
  statistics: Float32Array;
  /** For each worker: its shard's loss of this step; then the sum over the epoch's steps so far. */
  losses: Float64Array;
  control: Int32Array;
}

export interface Sizes {
  workers: number;
  /** Floats of parameters, of the optimizer for each of them, and of statistics. */
  parameters: number;
  states: number;
  statistics: number;
}

export function createShared({ workers, parameters, states, statistics }: Sizes): Shared {
  const floats = (count: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * count));
  return {
    workers,
    parameters: floats(parameters),
    gradients: floats(workers > 1 ? workers * parameters : 0),
    states: floats(states * parameters),
    statistics: floats(workers * statistics),
    losses: new Float64Array(new SharedArrayBuffer(8 * (workers + 1))),
    control: new Int32Array(new SharedArrayBuffer(4 * 16 * 8)),
  };
}

/** The reason with which a worker reports that another one failed: that one's own report is the better one. */
export const secondary = "see its own message";

/** Places in `control`, each on a cache line of its own. */
const arrivals = 0;
const generation = 16;
const stopWanted = 32;
const stopDecided = 48;
const failed = 64;
const stepsDone = 80;

/** Bounds of worker `index`'s slice: multiples of 16 floats, as kernels and cache lines want. */
export function sliceOf(length: number, workers: number, index: number): { from: number; to: number } {
  const cut = (at: number): number => (at === workers ? length : Math.floor((length * at) / workers) & ~15);
  return { from: cut(index), to: cut(index + 1) };
}

/** Rows of worker `index`'s shard: its bounds within a batch. They differ by one row at most. */
export function shardOf(batch: number, workers: number, index: number): { from: number; to: number } {
  const cut = (at: number): number => Math.floor((batch * at) / workers);
  return { from: cut(index), to: cut(index + 1) };
}

/**
 * Waits until every worker has come as far. It spins for some tens of microseconds, as the others are usually just about to come,
 * then sleeps. Throws when another worker has failed, which else would be waited for without end.
 */
export function createBarrier({ workers, control }: Shared): () => void {
  let round = Atomics.load(control, generation);
  return () => {
    round = (round + 1) | 0;
    if (workers === 1) return;
    if (Atomics.add(control, arrivals, 1) + 1 === workers) {
      Atomics.store(control, arrivals, 0);
      Atomics.store(control, generation, round);
      Atomics.notify(control, generation);
      return;
    }
    for (let spins = 0; spins < 20_000; spins++) if (Atomics.load(control, generation) === round) return;
    for (let seen = Atomics.load(control, generation); seen !== round; seen = Atomics.load(control, generation)) {
      if (Atomics.load(control, failed) > 0) {
        throw trainWorkerFailed({ worker: Atomics.load(control, failed) - 1, reason: secondary });
      }
      Atomics.wait(control, generation, seen, 500);
    }
  };
}

export function askToStop({ control }: Shared): void {
  Atomics.store(control, stopWanted, 1);
}

export function isStopWanted({ control }: Shared): boolean {
  return Atomics.load(control, stopWanted) === 1;
}

/** One worker decides before a barrier, all read it after, so that all halt after the same step. */
export function decideStop(shared: Shared): void {
  Atomics.store(shared.control, stopDecided, isStopWanted(shared) ? 1 : 0);
}

export function isStopDecided({ control }: Shared): boolean {
  return Atomics.load(control, stopDecided) === 1;
}

export function markFailed({ control }: Shared, worker: number): void {
  Atomics.compareExchange(control, failed, 0, worker + 1);
  Atomics.notify(control, generation);
}

/** Steps of the epoch that are done: for the progress bar. */
export function countSteps({ control }: Shared, steps: number): void {
  Atomics.store(control, stepsDone, steps);
}

export function readSteps({ control }: Shared): number {
  return Atomics.load(control, stepsDone);
}
