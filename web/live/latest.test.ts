import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLatest } from "./latest.ts";

function record(
  work: (input: number, signal: AbortSignal) => Promise<number>,
  times = { restMs: 20, longestMs: 10_000 },
) {
  const started: number[] = [];
  const results: number[] = [];
  const errors: unknown[] = [];
  const latest = createLatest<number, number>({
    work: (input, signal) => {
      started.push(input);
      return work(input, signal);
    },
    onResult: (result) => results.push(result),
    onError: (error) => errors.push(error),
    ...times,
  });
  return { latest, started, results, errors };
}

test("changes that follow closely become one request, with the last state", async () => {
  const { latest, started, results } = record(async (input) => input);
  for (const input of [1, 2, 3]) latest.request(input);
  await expect.poll(() => results).toEqual([3]);
  expect(started).toEqual([3]);
});

test("changes without end do not hold the work back for ever", async () => {
  const { latest, results } = record(async (input) => input, { restMs: 10_000, longestMs: 30 });
  latest.request(1);
  await wait(5);
  latest.request(2);
  await expect.poll(() => results).toEqual([2]);
});

test("work for an older state is aborted, and its result is not told", async () => {
  const aborted: number[] = [];
  const { latest, results, errors } = record(async (input, signal) => {
    signal.addEventListener("abort", () => aborted.push(input));
    await wait(input === 1 ? 60 : 1);
    return input;
  });
  latest.requestNow(1);
  latest.requestNow(2);
  await expect.poll(() => results).toEqual([2]);
  await wait(80);
  expect(results).toEqual([2]);
  expect(aborted).toEqual([1]);
  expect(errors).toEqual([]);
});

test("cancel stops what waits and what runs", async () => {
  const { latest, started, results } = record(async (input) => input);
  latest.request(1);
  latest.cancel();
  latest.requestNow(2);
  latest.cancel();
  await wait(50);
  expect(started).toEqual([2]);
  expect(results).toEqual([]);
});

test("a fault of the work itself is told", async () => {
  const { latest, errors } = record(() => Promise.reject(new Error("no canvas")));
  latest.requestNow(1);
  await expect.poll(() => errors.map(String)).toEqual(["Error: no canvas"]);
});
