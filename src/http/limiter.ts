/** Slows down whoever fails: each failure within a minute holds the next answer longer, and past a number of them nothing is tried any more. */
export interface Limiter {
  /** The address has failed so often that its attempts are not even looked at. */
  isFull(address: string): boolean;
  /** Notes a failure and calls `answer` after a while. */
  fail(address: string, answer: () => void): void;
  /** How long a failure counts. */
  readonly seconds: number;
}

const stepMs = 100;
const mostMs = 2000;

/**
 * `failures` in a minute from one address are looked at. Behind a proxy all callers share an address, so it is much more than one
 * person's typing errors, and much less than guessing takes.
 */
export function createLimiter({ failures = 100, seconds = 60, mostAddresses = 10_000 } = {}): Limiter {
  const known = new Map<string, { count: number; until: number }>();
  const countOf = (address: string): number => {
    const entry = known.get(address);
    if (entry === undefined || entry.until > performance.now()) return entry?.count ?? 0;
    known.delete(address);
    return 0;
  };
  return {
    seconds,
    isFull: (address) => countOf(address) >= failures,
    fail(address, answer) {
      const count = countOf(address) + 1;
      // The oldest goes: a map keeps the order of insertion.
      if (known.size >= mostAddresses) known.delete(known.keys().next().value!);
      known.delete(address);
      known.set(address, { count, until: performance.now() + seconds * 1000 });
      setTimeout(answer, Math.min(mostMs, stepMs * count)).unref();
    },
  };
}
