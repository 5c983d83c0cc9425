/** @file A small table that is drawn, not shipped: fruits of four kinds by their measures, overlapping a little as real ones do. */
import { createRandom } from "./random.ts";

const columns = ["weight", "length", "roundness", "hue"] as const;

/** Mean and standard deviation of each column: grams, centimetres, width over length, degrees of the colour circle. */
const fruits: Readonly<Record<string, Readonly<Record<(typeof columns)[number], readonly [number, number]>>>> = {
  apple: { weight: [170, 30], length: [7.5, 0.7], roundness: [0.96, 0.04], hue: [60, 35] },
  banana: { weight: [130, 20], length: [18, 2], roundness: [0.2, 0.03], hue: [52, 6] },
  orange: { weight: [160, 25], length: [7.2, 0.6], roundness: [0.98, 0.02], hue: [30, 5] },
  pear: { weight: [180, 30], length: [10, 1], roundness: [0.7, 0.05], hue: [75, 12] },
};

/** A table with `each` rows of each fruit, in turns; the same seed draws the same text. */
export function drawFruits(each: number, seed: number): string {
  const random = createRandom(seed);
  const rows = Array.from({ length: each }, () =>
    Object.entries(fruits).map(([fruit, measures]) => [
      ...columns.map((column) => drawNormal(measures[column], random).toFixed(2)),
      fruit,
    ]),
  ).flat();
  return `${[[...columns, "fruit"], ...rows].map((row) => row.join(",")).join("\n")}\n`;
}

/** Box and Muller's. */
function drawNormal([mean, deviation]: readonly [number, number], random: () => number): number {
  return mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
