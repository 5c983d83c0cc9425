import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { registryBusy } from "./errors.ts";
import { defaultRetry, nextDelay, readRetryAfter, retrying } from "./retry.ts";

const policy = fc.record({
  attempts: fc.integer({ min: 1, max: 20 }),
  firstMs: fc.integer({ min: 1, max: 1000 }),
  mostMs: fc.integer({ min: 1, max: 60_000 }),
  patienceMs: fc.integer({ min: 0, max: 120_000 }),
});
const random = fc.double({ min: 0, max: 1, noNaN: true });

describe("the wait", () => {
  test("lies between half and all of a doubling step, up to the most", () => {
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 19 }), random, (one, attempt, chance) => {
        const delay = nextDelay(one, attempt, undefined, chance);
        const full = Math.min(one.mostMs, one.firstMs * 2 ** (attempt - 1));
        const isRight = delay === undefined ? attempt >= one.attempts : delay >= full / 2 && delay <= full;
        expect([delay, isRight]).toEqual([delay, true]);
      }),
    );
  });

  test("is never shorter than what the registry asks for; where that is too long, there is none", () => {
    fc.assert(
      fc.property(policy, fc.integer({ min: 0, max: 200_000 }), random, (one, asked, chance) => {
        const delay = nextDelay({ ...one, attempts: 2 }, 1, asked, chance);
        expect([asked, delay !== undefined && delay >= asked]).toEqual([asked, asked <= one.patienceMs]);
      }),
    );
  });
});

test.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["1.5", 1500],
  ["Sat, 21 Nov 2026 06:00:10 GMT", 10_000],
  ["Sat, 21 Nov 2026 05:00:00 GMT", 0],
  ["-5", undefined],
  ["soon", undefined],
  ["", undefined],
])("Retry-After: %s", (value, wanted) => {
  expect(readRetryAfter(value, Date.parse("2026-11-21T06:00:00Z"))).toBe(wanted);
});

describe("trying again", () => {
  const quick = { ...defaultRetry, firstMs: 1 };
  const failure = { registry: "r", repository: "x", operation: "read", status: 503 };

  test("goes on while errors say that it may help, and gives the last one", async () => {
    const seen: number[] = [];
    const operation = async (attempt: number): Promise<string> => {
      seen.push(attempt);
      if (attempt < 4) throw registryBusy({ ...failure, retryable: true });
      return "done";
    };
    expect(await retrying(quick, undefined, operation)).toBe("done");
    expect(seen).toEqual([1, 2, 3, 4]);
    await expect(retrying({ ...quick, attempts: 3 }, undefined, operation)).rejects.toThrowError(
      "cannot read r/x: 503",
    );
  });

  test("stops at once for all other errors", async () => {
    let count = 0;
    const wrong = async (): Promise<never> => {
      count++;
      throw new TypeError("a bug");
    };
    await expect(retrying(quick, undefined, wrong)).rejects.toThrowError("a bug");
    expect(count).toBe(1);
  });

  test("an abort ends the waiting", async () => {
    const controller = new AbortController();
    const waiting = retrying({ ...defaultRetry, firstMs: 60_000, mostMs: 60_000 }, controller.signal, async () => {
      setTimeout(() => controller.abort(new Error("enough")), 10);
      throw registryBusy({ ...failure, retryable: true });
    });
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});
