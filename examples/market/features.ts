/** @file What the model sees of the prices, and what it shall say of them. Each feature of a day is made of that day and days before it. */
import { pctChange, rollingMean, rollingStd } from "slipway/data";
import type { Price } from "./sample.ts";

export const columns = ["return", "ma_3", "ma_5", "volatility_3"] as const;

export type Features = Readonly<Record<(typeof columns)[number], number>>;

/** Days of which everything is known: their features, and whether the close of the day after was above theirs. */
export function toRows(prices: readonly Price[]): (Features & { date: string; direction: "UP" | "DOWN" })[] {
  return toFeatures(prices)
    .slice(0, -1)
    .flatMap((features, day) => {
      const [today, tomorrow] = [prices[day]!, prices[day + 1]!];
      const direction = tomorrow.close > today.close ? ("UP" as const) : ("DOWN" as const);
      return isWhole(features) ? [{ date: today.date, ...features, direction }] : [];
    });
}

/** Of the last day, whose tomorrow nobody knows; undefined where there are not enough days before it. */
export function latestFeatures(prices: readonly Price[]): Features | undefined {
  // The widest window is five days.
  const last = toFeatures(prices.slice(-6)).at(-1);
  return last !== undefined && isWhole(last) ? last : undefined;
}

function toFeatures(prices: readonly Price[]): Features[] {
  const closes = prices.map(({ close }) => close);
  const returns = pctChange(closes);
  const [three, five] = [rollingMean(closes, 3), rollingMean(closes, 5)];
  const volatility = rollingStd(returns, 3);
  return closes.map((_, day) => ({
    return: returns[day]!,
    ma_3: three[day]!,
    ma_5: five[day]!,
    volatility_3: volatility[day]!,
  }));
}

function isWhole(features: Features): boolean {
  return columns.every((column) => Number.isFinite(features[column]));
}
