/** @file When to try again, and how long to wait before. */
import { setTimeout as sleep } from "node:timers/promises";
import { findSlipwayError } from "../base/errors.ts";

export interface RetryPolicy {
  /** Tries in all, the first included. */
  attempts: number;
  /** Wait before the second try, in milliseconds; it doubles with each further one. */
  firstMs: number;
  /** The longest single wait that we choose ourselves. */
  mostMs: number;
  /** The longest wait that a registry may ask for by Retry-After; if it asks for more, its answer is final. */
  patienceMs: number;
}

export const defaultRetry: RetryPolicy = { attempts: 6, firstMs: 200, mostMs: 10_000, patienceMs: 60_000 };

/**
 * Milliseconds to wait after try number `attempt` (from 1) failed; undefined: give up. Half of the wait is fixed and half random,
 * so that many clients that failed together do not come back together.
 */
export function nextDelay(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs?: number,
  random = Math.random(),
): number | undefined {
  if (attempt >= policy.attempts) return undefined;
  if (retryAfterMs !== undefined && retryAfterMs > policy.patienceMs) return undefined;
  const full = Math.min(policy.mostMs, policy.firstMs * 2 ** (attempt - 1));
  return Math.max(retryAfterMs ?? 0, full / 2 + (full / 2) * random);
}

/** Reads Retry-After: seconds, or an HTTP date. Milliseconds from `now`, never negative; undefined where it is neither. */
export function readRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  // Date.parse takes almost anything, "-5" too.
  if (!/^[A-Za-z]{3,9}, /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Runs `operation` until it succeeds, fails for good (its error does not say `retryable`), or tries run out. An abort ends the waiting. */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  operation: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      await waitOrThrow(error, policy, attempt, signal);
    }
  }
}

/** Waits as long as is right after try number `attempt` failed with `error`; throws `error` where no further try makes sense. */
export async function waitOrThrow(
  error: unknown,
  policy: RetryPolicy,
  attempt: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { retryable, retryAfterSeconds } = findSlipwayError(error)?.details ?? {};
  if (signal?.aborted === true || retryable !== true) throw error;
  const asked = typeof retryAfterSeconds === "number" ? retryAfterSeconds * 1000 : undefined;
  const delay = nextDelay(policy, attempt, asked);
  if (delay === undefined) throw error;
  await sleep(delay, undefined, { ...(signal && { signal }) });
}
