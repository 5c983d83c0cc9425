/** @file Many transfers at once, but not too many, and no blob twice. */
import type { Digest } from "../base/digest.ts";
import type { Registry } from "./registry.ts";
import type { Repository } from "./repository.ts";

/** Calls `work` for each item, at most `limit` at once; results in the items' order. The first failure stops what has not begun, waits for the rest, and is thrown. */
export async function forEachLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length });
  const failures: unknown[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        failures.push(error); // thrown below, when nothing runs any more
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, run));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** Transfers that run now, for each registry handle. */
const running = new WeakMap<Registry, Map<string, Promise<unknown>>>();

/** One transfer for all who want the same blob in the same repository now. Those who gave an AbortSignal have a transfer of their own: nobody else may end it, nor it end theirs. */
export async function shareTransfer<T>(
  { registry, name }: Repository,
  digest: Digest,
  signal: AbortSignal | undefined,
  start: () => Promise<T>,
): Promise<T> {
  if (signal !== undefined) return start();
  const known = running.get(registry) ?? new Map<string, Promise<unknown>>();
  running.set(registry, known);
  const key = `${name}@${digest}`;
  const shared = known.get(key) as Promise<T> | undefined;
  if (shared !== undefined) return shared;
  const own = start().finally(() => known.delete(key));
  known.set(key, own);
  return own;
}
