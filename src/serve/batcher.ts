/** @file Groups rows into batches. Pure logic: what runs a batch, the clock and the next turn of the loop are given. */

import { overloaded } from "./errors.ts";

export interface BatcherOptions<Row, Result> {
  /** Runs a batch; gives one result a row, in order. A rejection is taken apart until the bad rows stand alone. */
  run: (rows: readonly Row[]) => Promise<readonly Result[]>;
  /** Rows a batch may have. */
  maxRows: number;
  /** What a row costs to run, where rows differ: a batch costs as many times the dearest as it has rows, since all are filled up to that. */
  cost?: (row: Row) => number;
  /** What a batch may cost; a row that costs more runs alone. Default: no limit. */
  maxCost?: number;
  /** Rows that may wait. Past it, `submit` rejects with `overloaded`. */
  maxQueuedRows: number;
  /** Where the next batch could go. Asked before each. */
  room: () => Room;
  /** Says that trying fewer rows may help. Default: always; a dead worker is the exception. */
  isolates?: (error: unknown) => boolean;
  /** Called once a batch starts. Seconds are the time that its first row waited. */
  onBatch?: (rows: number, waitedSeconds: number) => void;
  /** Milliseconds, never going back. Default `performance.now`. */
  now?: () => number;
  /** Calls back once the rows that are arriving in this turn of the loop are in. Default `setImmediate`. */
  defer?: (start: () => void) => void;
}

/**
 * `"idle"`: a runner has nothing to do. `"ahead"`: all run, but one can be given its next batch already, so that it never waits to be
 * told. Only full batches go ahead: the others may still grow.
 */
export type Room = "idle" | "ahead" | "none";

export interface Batcher<Row, Result> {
  /**
   * The row's result. Never waits for company: a free runner takes what this turn of the loop brought; while all are busy,
   * rows gather. `hasLeft` is asked just before the row would run, and once the queue is full; rows of callers that left are dropped.
   */
  submit(row: Row, hasLeft?: () => boolean): Promise<Result>;
  /** `submit` without a promise: the owner is told. It is told in no turn of its own, and must not throw. */
  enter(row: Row, owner: RowOwner<Result>): void;
  readonly queued: number;
  /** Resolves once nothing waits and nothing runs. */
  idle(): Promise<void>;
}

/** Who waits for a row's result; told once. */
export interface RowOwner<Result> {
  hasLeft(): boolean;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** What a dropped row's promise rejects with. Its caller is gone, so nobody shows it. */
export const dropped = Symbol("dropped");

interface Entry<Row, Result> {
  row: Row;
  at: number;
  owner: RowOwner<Result>;
}

export function createBatcher<Row, Result>(options: BatcherOptions<Row, Result>): Batcher<Row, Result> {
  const { run, maxRows, maxQueuedRows, room, onBatch, cost } = options;
  const maxCost = options.maxCost ?? Infinity;
  const isolates = options.isolates ?? (() => true);
  const now = options.now ?? (() => performance.now());
  const defer = options.defer ?? ((start) => void setImmediate(start));
  let queue: Entry<Row, Result>[] = [];
  let running = 0;
  let deferred = false;
  let waiting: (() => void)[] = [];

  const canStart = (): boolean => {
    if (queue.length === 0) return false;
    const place = room();
    return place === "idle" || (place === "ahead" && queue.length >= maxRows);
  };

  const schedule = (): void => {
    if (deferred || !canStart()) return;
    deferred = true;
    defer(() => {
      deferred = false;
      start();
    });
  };

  const start = (): void => {
    while (canStart()) {
      const batch = takeBatch();
      if (batch.length === 0) break;
      running++;
      onBatch?.(batch.length, (now() - batch[0]!.at) / 1000);
      void settle(batch);
    }
    if (running === 0 && queue.length === 0) announceIdle();
  };

  /** Never rejects: every failure goes to its rows. The runner gets its next batch first: telling a batch's callers takes a while. */
  const settle = async (batch: readonly Entry<Row, Result>[]): Promise<void> => {
    const tell = await runApart(batch);
    running--;
    start();
    tell();
  };

  const announceIdle = (): void => {
    const announced = waiting;
    waiting = [];
    for (const resolve of announced) resolve();
  };

  const takeBatch = (): Entry<Row, Result>[] => {
    const batch: Entry<Row, Result>[] = [];
    let taken = 0;
    let dearest = 0;
    while (taken < queue.length && batch.length < maxRows) {
      const entry = queue[taken]!;
      if (entry.owner.hasLeft()) entry.owner.reject(dropped);
      else {
        dearest = Math.max(dearest, cost?.(entry.row) ?? 0);
        if (batch.length > 0 && dearest * (batch.length + 1) > maxCost) break;
        batch.push(entry);
      }
      taken++;
    }
    queue = taken === queue.length ? [] : queue.slice(taken);
    return batch;
  };

  /** Runs a batch; if it fails, its halves. Gives what tells each row its own outcome. */
  const runApart = async (batch: readonly Entry<Row, Result>[]): Promise<() => void> => {
    let results: readonly Result[];
    try {
      results = await run(batch.map(({ row }) => row));
    } catch (error) {
      // Not swallowed: each row gets it, once it is clear which rows it belongs to.
      if (batch.length === 1 || !isolates(error)) {
        return () => {
          for (const { owner } of batch) owner.reject(error);
        };
      }
      const half = batch.length >> 1;
      const tellFirst = await runApart(batch.slice(0, half));
      const tellSecond = await runApart(batch.slice(half));
      return () => {
        tellFirst();
        tellSecond();
      };
    }
    return () => {
      for (let index = 0; index < batch.length; index++) batch[index]!.owner.resolve(results[index]!);
    };
  };

  const dropLeft = (): void => {
    queue = queue.filter(({ owner }) => {
      const left = owner.hasLeft();
      if (left) owner.reject(dropped);
      return !left;
    });
  };

  const enter = (row: Row, owner: RowOwner<Result>): void => {
    if (queue.length >= maxQueuedRows) dropLeft();
    if (queue.length >= maxQueuedRows) {
      const wanted = `at most ${maxQueuedRows} rows waiting`;
      owner.reject(overloaded({ queued: queue.length, limit: maxQueuedRows, retryAfterSeconds: 1, wanted }));
      return;
    }
    queue.push({ row, at: now(), owner });
    schedule();
  };

  return {
    enter,
    submit: (row, hasLeft) =>
      new Promise((resolve, reject) => enter(row, { resolve, reject, hasLeft: hasLeft ?? (() => false) })),
    get queued() {
      return queue.length;
    },
    idle() {
      if (running === 0 && queue.length === 0) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
