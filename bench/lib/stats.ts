export interface Summary {
  median: number;
  min: number;
  max: number;
  values: readonly number[];
}

export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN, values };
}

/** `1234 (1200–1300)`; the digits shrink as the number grows. */
export function formatSummary({ median, min, max }: Summary): string {
  return `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;
}

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
