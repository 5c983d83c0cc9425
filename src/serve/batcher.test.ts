import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBatcher, dropped } from "./batcher.ts";
import { overloaded } from "./errors.ts";

/** A runner whose batches end when the test says so, and a loop whose turns the test takes. */
function createBench(options: {
  maxRows?: number;
  maxQueuedRows?: number;
  concurrency?: number;
  ahead?: number;
  bad?: (row: number) => boolean;
  cost?: (row: number) => number;
  maxCost?: number;
}) {
  const batches: { rows: readonly number[]; end: () => void }[] = [];
  const sizes: number[] = [];
  const turns: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const concurrency = options.concurrency ?? 1;
  const batcher = createBatcher<number, number>({
    maxRows: options.maxRows ?? 4,
    maxQueuedRows: options.maxQueuedRows ?? 100,
    ...(options.cost !== undefined && { cost: options.cost }),
    ...(options.maxCost !== undefined && { maxCost: options.maxCost }),
    room: () => (running < concurrency ? "idle" : running < concurrency + (options.ahead ?? 0) ? "ahead" : "none"),
    defer: (start) => turns.push(start),
    now: () => 0,
    onBatch: (rows) => sizes.push(rows),
    run: (rows) =>
      new Promise((resolve, reject) => {
        most = Math.max(most, ++running);
        const end = (): void => {
          running--;
          if (options.bad !== undefined && rows.some(options.bad)) reject(new Error("bad row"));
          else resolve(rows.map((row) => row * 2));
        };
        batches.push({ rows, end });
      }),
  });
  const turn = (): void => turns.splice(0).forEach((start) => start());
  /** Takes turns and ends batches until nothing is left to do. */
  const finish = async (): Promise<void> => {
    for (let quiet = 0; quiet < 5;) {
      turn();
      const batch = batches.shift();
      batch?.end();
      quiet = batch === undefined ? quiet + 1 : 0;
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { batcher, batches, sizes, turn, finish, mostRunning: () => most };
}

describe("batches", () => {
  test("a lone row starts in the same turn of the loop", async () => {
    const { batcher, batches, turn, finish } = createBench({});
    const result = batcher.submit(1);
    turn();
    expect(batches.map(({ rows }) => rows)).toEqual([[1]]);
    await finish();
    expect(await result).toBe(2);
  });

  test("rows of one turn go together; while a batch runs the others gather", async () => {
    const { batcher, sizes, turn, finish } = createBench({ maxRows: 4 });
    const results = [batcher.submit(1), batcher.submit(2)];
    turn();
    for (const row of [3, 4, 5, 6, 7]) results.push(batcher.submit(row));
    turn();
    expect(sizes).toEqual([2]);
    await finish();
    expect(sizes).toEqual([2, 4, 1]);
    expect(await Promise.all(results)).toEqual([2, 4, 6, 8, 10, 12, 14]);
  });

  test("a dear row does not make cheap ones dear: what a batch costs is bounded, and order is kept", async () => {
    const { batcher, sizes, finish } = createBench({ maxRows: 4, cost: (row) => row, maxCost: 20 });
    const results = [1, 2, 100, 3, 9, 2, 1, 1].map((row) => batcher.submit(row));
    await finish();
    // 100 is dearer than any batch may be, so it goes alone; 9 beside 3 leaves room for none (3 × 9 > 20).
    expect(sizes).toEqual([2, 1, 2, 3]);
    expect(await Promise.all(results)).toEqual([2, 4, 200, 6, 18, 4, 2, 2]);
  });

  test("full batches go ahead to a busy runner, others wait for company", async () => {
    const { batcher, sizes, turn, finish } = createBench({ maxRows: 2, ahead: 1 });
    const results = [batcher.submit(1)];
    turn();
    results.push(batcher.submit(2));
    turn();
    expect(sizes).toEqual([1]);
    for (const row of [3, 4, 5]) results.push(batcher.submit(row));
    turn();
    expect(sizes).toEqual([1, 2]);
    await finish();
    expect(sizes).toEqual([1, 2, 2]);
    expect(await Promise.all(results)).toEqual([2, 4, 6, 8, 10]);
  });

  test("past the queue's end a row is refused with the time to wait", async () => {
    const { batcher, turn, finish } = createBench({ maxRows: 1, maxQueuedRows: 2 });
    const running = batcher.submit(0);
    turn();
    const waiting = [batcher.submit(1), batcher.submit(2)];
    await expect(batcher.submit(3)).rejects.toMatchObject({
      code: overloaded.code,
      status: 503,
      details: { queued: 2, limit: 2, retryAfterSeconds: 1 },
    });
    await finish();
    expect(await Promise.all([running, ...waiting])).toEqual([0, 2, 4]);
  });

  test("rows of callers that left are not run, and make room once the queue is full", async () => {
    const { batcher, batches, turn, finish } = createBench({ maxRows: 1, maxQueuedRows: 2 });
    const running = batcher.submit(0);
    turn();
    let left = false;
    const gone = Promise.allSettled([batcher.submit(1, () => left), batcher.submit(2, () => left)]);
    left = true;
    const stays = batcher.submit(3);
    expect(batcher.queued).toBe(1);
    expect(await gone).toEqual([1, 2].map(() => ({ status: "rejected", reason: dropped })));
    await finish();
    expect(await Promise.all([running, stays])).toEqual([0, 6]);
    expect(batches).toEqual([]);
  });

  test("an error that fewer rows cannot help is not tried again", async () => {
    let runs = 0;
    const batcher = createBatcher<number, number>({
      maxRows: 8,
      maxQueuedRows: 8,
      room: () => "idle",
      isolates: () => false,
      run: () => {
        runs++;
        return Promise.reject(new Error("dead"));
      },
    });
    const results = await Promise.allSettled([1, 2, 3].map((row) => batcher.submit(row)));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(runs).toBe(1);
  });
});

test("every row gets its own result, a bad one its own error, and limits hold", async () => {
  const rows = fc.array(fc.record({ row: fc.nat(99), bad: fc.boolean(), left: fc.boolean(), turn: fc.boolean() }), {
    maxLength: 40,
  });
  const limits = fc.record({
    maxRows: fc.integer({ min: 1, max: 9 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    ahead: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(rows, limits, async (given, { maxRows, concurrency, ahead }) => {
      const bad = new Set(given.flatMap(({ bad: isBad }, index) => (isBad ? [index] : [])));
      const { batcher, sizes, turn, finish, mostRunning } = createBench({
        maxRows,
        concurrency,
        ahead,
        bad: (row) => bad.has(row),
      });
      const results = given.map(({ left, turn: now }, index) => {
        const result = batcher.submit(index, () => left);
        if (now) turn();
        return result;
      });
      const settled = Promise.allSettled(results);
      await finish();
      await batcher.idle();
      const seen = (await settled).map((one) =>
        one.status === "fulfilled" ? one.value : one.reason === dropped ? "dropped" : "failed",
      );
      expect(seen).toEqual(
        given.map(({ bad: isBad, left }, index) => (left ? "dropped" : isBad ? "failed" : index * 2)),
      );
      expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(maxRows);
      expect(mostRunning()).toBeLessThanOrEqual(concurrency + ahead);
      expect(batcher.queued).toBe(0);
    }),
    { numRuns: 60 },
  );
});
