/** @file Kubernetes's quantities as numbers, for sums and comparisons, and back for people. */
const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
};

/** `250m` → 0.25, `200Mi` → 209715200; 0 where it is no quantity. */
export function readQuantity(text: string): number {
  const [, number = "0", unit = ""] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  return Number(number) * (units[unit] ?? 0);
}

/** Memory as `1.5Gi`, cpu as `250m` or `2`, anything else as it is. */
export function formatQuantity(value: number, resource: string): string {
  if (/memory|storage/.test(resource)) {
    const unit = ["Gi", "Mi", "Ki"].find((name) => value >= (units[name] ?? 1)) ?? "";
    return `${round(value / (units[unit] ?? 1))}${unit}`;
  }
  if (resource === "cpu" && value < 10 && !Number.isInteger(value)) return `${Math.round(value * 1000)}m`;
  return String(round(value));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
