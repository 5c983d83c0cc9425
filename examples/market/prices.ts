/** @file Daily prices: Yahoo's, or generated ones where a sample is asked for. */
import { setTimeout as sleep } from "node:timers/promises";
import { samplePrices, type Price } from "./sample.ts";

const ticker = process.env["MARKET_TICKER"] || "AAPL";
const since = "2015-01-01";
const tries = 3;
/** Yahoo counts requests: a price of a quarter of an hour ago is as good, for a close of days. */
const freshMs = 15 * 60_000;

/** Oldest first. Throws an error that says what to do. */
export function loadPrices({ sample, signal }: { sample: boolean; signal?: AbortSignal }): Promise<Price[]> {
  return sample ? Promise.resolve(samplePrices()) : askYahoo(signal);
}

const kept = new Map<boolean, { prices: Promise<Price[]>; at: number }>();

/** The same, asked once and kept in memory: what a server wants. When Yahoo cannot be reached, the prices from before stay. */
export function keepPrices(sample: boolean): Promise<Price[]> {
  const before = kept.get(sample);
  if (before !== undefined && (sample || Date.now() - before.at < freshMs)) return before.prices;
  const prices = loadPrices({ sample }).catch((error: unknown) => {
    if (before !== undefined) return before.prices;
    // Nobody shall wait a quarter of an hour for the next try.
    kept.delete(sample);
    throw error;
  });
  kept.set(sample, { prices, at: Date.now() });
  // Who asks now gets what there is.
  return before?.prices ?? prices;
}

async function askYahoo(signal?: AbortSignal): Promise<Price[]> {
  const { default: YahooFinance } = await loadLibrary();
  const yahoo = new YahooFinance({ suppressNotices: ["yahooSurvey"] });
  const options = { fetchOptions: { signal: signal ?? AbortSignal.timeout(30_000) } };
  for (let attempt = 1; ; attempt++) {
    try {
      const { quotes } = await yahoo.chart(ticker, { period1: since, interval: "1d" }, options);
      return finalPrices(quotes, new Date());
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (attempt === tries)
        throw new Error(`Yahoo cannot be reached (${describe(error)}). ${advice}`, { cause: error });
      await sleep(500 * 2 ** attempt, undefined, { signal });
    }
  }
}

/** Days that are over: what the exchange says of the one under way is no close yet. Some days have a date and no price. */
export function finalPrices(quotes: readonly { date: Date; close: number | null }[], now: Date): Price[] {
  const dayOf = (time: Date): string => time.toISOString().slice(0, 10);
  return quotes.flatMap(({ date, close }) => {
    const isOver = dayOf(date) < dayOf(now) || now.getUTCHours() >= exchangeClosesUtc;
    return close === null || !isOver ? [] : [{ date: dayOf(date), close }];
  });
}

/** New York's is closed by then, in summer and in winter. */
const exchangeClosesUtc = 22;
const advice = "With --sample, generated prices are taken instead.";

/** What of the library is used. */
interface Library {
  default: new (options: object) => {
    chart(
      ticker: string,
      query: { period1: string; interval: "1d" },
      options: { fetchOptions: RequestInit },
    ): Promise<{ quotes: { date: Date; close: number | null }[] }>;
  };
}

/** Loaded when it is needed: a sample needs no package. */
async function loadLibrary(): Promise<Library> {
  try {
    // @ts-ignore: only there after `npm install` in this folder
    return await import("yahoo-finance2");
  } catch (error) {
    throw new Error(`the package yahoo-finance2 is missing: run \`npm install\` in examples/market. ${advice}`, {
      cause: error,
    });
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
