import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pctChange, rollingMean, rollingStd } from "./features.ts";

const series = fc.array(fc.double({ min: 0.5, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

test("values that pandas gives for the same series", () => {
  const prices = [100, 102, 99, 101, 105];
  expect(
    pctChange(prices)
      .slice(1)
      .map((x) => x.toFixed(9)),
  ).toEqual(["0.020000000", "-0.029411765", "0.020202020", "0.039603960"]);
  expect(rollingMean(prices, 3).map((x) => x.toFixed(6))).toEqual([
    "NaN",
    "NaN",
    "100.333333",
    "100.666667",
    "101.666667",
  ]);
  expect(rollingStd(prices, 3).map((x) => x.toFixed(6))).toEqual(["NaN", "NaN", "1.527525", "1.527525", "3.055050"]);
});

test("each value is that of its own window, computed alone; nothing after it matters", () => {
  fc.assert(
    fc.property(
      series,
      fc.integer({ min: 2, max: 7 }),
      fc.array(fc.double({ noNaN: true }), { maxLength: 5 }),
      (all, window, future) => {
        const longer = [...all, ...future];
        const [changes, means, deviations] = [
          pctChange(longer),
          rollingMean(longer, window),
          rollingStd(longer, window),
        ];
        for (const t of all.keys()) {
          const own = all.slice(Math.max(0, t - window + 1), t + 1);
          const mean = own.reduce((sum, x) => sum + x, 0) / window;
          const whole = own.length === window;
          const variance = own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (window - 1);
          expect(means[t]).toBe(whole ? mean : Number.NaN);
          expect(deviations[t]).toBe(whole ? Math.sqrt(variance) : Number.NaN);
          expect(changes[t]).toBe(t === 0 ? Number.NaN : all[t]! / all[t - 1]! - 1);
        }
      },
    ),
  );
});

test("a window that is none is refused", () => {
  for (const window of [0, 1.5, -3, Number.NaN])
    expect(() => rollingMean([1], window)).toThrow(/rollingMean\(\): the window is /);
});
