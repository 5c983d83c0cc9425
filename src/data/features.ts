/**
 * @file Features of a series in time, row by row. Each value is made of its own row and rows before it, so nothing of the future gets
 * into it; where not enough came before, it is NaN. The formulas are those of pandas.
 */
import { featureArgument } from "./errors.ts";

/** Relative change to the value before: `x[t] / x[t-1] - 1`. As `Series.pct_change(periods)`. */
export function pctChange(series: readonly number[], periods = 1): number[] {
  requireWhole("pctChange", periods);
  return series.map((value, t) => (t < periods ? Number.NaN : value / series[t - periods]! - 1));
}

/** Mean of the last `window` values, this one included. As `Series.rolling(window).mean()`. */
export function rollingMean(series: readonly number[], window: number): number[] {
  requireWhole("rollingMean", window);
  return series.map((_, t) => (t + 1 < window ? Number.NaN : meanOf(series, t + 1 - window, t + 1)));
}

/**
 * Standard deviation of the last `window` values, this one included, with `window - 1` below the line (ddof = 1). As
 * `Series.rolling(window).std()`. Computed anew for each window: a running sum would lose the digits of a quiet stretch after a loud one.
 */
export function rollingStd(series: readonly number[], window: number): number[] {
  requireWhole("rollingStd", window);
  return series.map((_, t) => {
    if (t + 1 < window || window < 2) return Number.NaN;
    const mean = meanOf(series, t + 1 - window, t + 1);
    let squares = 0;
    for (let i = t + 1 - window; i <= t; i++) squares += (series[i]! - mean) ** 2;
    return Math.sqrt(squares / (window - 1));
  });
}

function meanOf(series: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += series[i]!;
  return sum / (to - from);
}

function requireWhole(maker: string, window: number): void {
  if (!Number.isInteger(window) || window < 1)
    throw featureArgument({ maker, seen: String(window), wanted: "a whole number of at least 1" });
}
