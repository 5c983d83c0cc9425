/** @file Numbers in the steps' one-line texts: the same on every machine. */
const grouped = new Intl.NumberFormat("en-US");

/** `1 image`, `5,001 images` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${grouped.format(count)} ${count === 1 ? one : many}`;
}

/** `0.989`, `0.98`: a share or a loss in three decimals. */
export function show(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toFixed(4))) : String(value);
}

/** `2.1 ms` */
export function milliseconds(value: number): string {
  return `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
