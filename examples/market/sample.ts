/**
 * @file Generated daily prices, for `--sample`: where the real ones cannot be reached, and for tests. They look like a share's (weekdays,
 * calm and wild stretches, a little momentum), but are no one's.
 */

export interface Price {
  /** `2024-01-31` */
  date: string;
  close: number;
}

export interface SampleOptions {
  /** Trading days. Default 2,500, about ten years. */
  days?: number;
  /** The same seed gives the same prices. Default 1. */
  seed?: number;
  /** Last day, if it is a weekday; else the weekday before. Default 2025-12-31. */
  until?: string;
}

/** Oldest first. */
export function samplePrices({ days = 2500, seed = 1, until = "2025-12-31" }: SampleOptions = {}): Price[] {
  const draw = createNormal(seed);
  let close = 100;
  let before = 0;
  let variance = dailyVariance;
  return listWeekdays(days, until).map((date) => {
    // Tomorrow is about as wild as today (GARCH(1,1)), and goes on a little in today's direction.
    const change = 0.0002 + momentum * before + Math.sqrt(variance) * draw();
    variance = 0.05 * dailyVariance + 0.08 * change ** 2 + 0.87 * variance;
    before = change;
    close *= Math.exp(change);
    return { date, close: Math.round(close * 100) / 100 };
  });
}

/** One percent a day. */
const dailyVariance = 0.01 ** 2;
/** Share of a day's change that is seen again the day after: more than in any market, so that there is something to find. */
const momentum = 0.15;
const day = 86_400_000;

function listWeekdays(count: number, until: string): string[] {
  const dates: string[] = [];
  for (let at = Date.parse(`${until}T00:00:00Z`); dates.length < count; at -= day) {
    const weekday = new Date(at).getUTCDay();
    if (weekday !== 0 && weekday !== 6) dates.push(new Date(at).toISOString().slice(0, 10));
  }
  return dates.toReversed();
}

/** Standard normal numbers (Box and Muller) from a 32-bit generator (mulberry32). */
function createNormal(seed: number): () => number {
  let state = seed | 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
