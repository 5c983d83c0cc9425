import { compareBytes } from "./merkle.ts";

/** As numbers where all are whole numbers (2 before 10), else by the bytes of their names. */
export function sortLabels(labels: Iterable<string>): string[] {
  const all = [...labels];
  const numeric = all.every((label) => /^\d+$/.test(label));
  return all.toSorted((a, b) => (numeric ? compareNumbers(a, b) : 0) || compareBytes(a, b));
}

/** Digits may be more than a number holds. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [BigInt(a), BigInt(b)];
  return left < right ? -1 : Number(left > right);
}
