/** @file A training's history as lines to draw. */

export interface Series {
  name: string;
  /** One value an epoch; NaN where the epoch has none. */
  values: readonly number[];
}

/** The numbers that every epoch may have, by name, in the order they first appear: `loss`, `accuracy`, … */
export function seriesOf(history: readonly object[]): { epochs: number[]; series: Series[] } {
  const records = history as readonly Readonly<Record<string, unknown>>[];
  const names = new Set(
    records.flatMap((record) => Object.keys(record).filter((name) => typeof record[name] === "number")),
  );
  names.delete("epoch");
  return {
    epochs: records.map((record, at) => (typeof record["epoch"] === "number" ? record["epoch"] : at + 1)),
    series: [...names].map((name) => ({
      name,
      values: records.map((record) => (typeof record[name] === "number" ? record[name] : Number.NaN)),
    })),
  };
}

export interface Plot {
  /** Corner points of the line, in the box's units, y down. Missing values are left out. */
  points: readonly { x: number; y: number; epoch: number; value: number }[];
  low: number;
  high: number;
}

/** Lays values into a box. The scale is the values' own range: what matters of a curve is its shape, and its ends are written beside it. */
export function plot(
  epochs: readonly number[],
  values: readonly number[],
  box: { width: number; height: number },
): Plot {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const [first, last] = [epochs[0] ?? 0, epochs.at(-1) ?? 0];
  const points = values.flatMap((value, at) => {
    if (!Number.isFinite(value)) return [];
    const epoch = epochs[at]!;
    const x = last === first ? box.width / 2 : ((epoch - first) / (last - first)) * box.width;
    const y = high === low ? box.height / 2 : (1 - (value - low) / (high - low)) * box.height;
    return [{ x, y, epoch, value }];
  });
  return { points, low, high };
}
