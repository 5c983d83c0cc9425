/** @file Kubernetes's quantities: `250m`, `0.5`, `200Mi`, `1e9`. Exact: in thousand-millionths, as whole numbers without an upper end. */
/** How many of them are 1: Kubernetes keeps nothing finer than a nano. */
export const nanosPerUnit = 1_000_000_000n;

const factors: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1000n,
  m: 1_000_000n,
  "": nanosPerUnit,
  ...withPowers(["k", "M", "G", "T", "P", "E"], 1000n),
  ...withPowers(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"], 1024n),
};

const notation = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/;

/** The quantity in nanos, or undefined for a text that is none. What is finer is rounded up, as Kubernetes does. */
export function parseQuantity(text: string): bigint | undefined {
  const [, sign, digits, suffix = "", exponent = "0"] = notation.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const [whole = "", fraction = ""] = digits.split(".");
  const scale = fraction.length - Number(exponent);
  const value = BigInt(whole + fraction) * (factors[suffix] ?? nanosPerUnit);
  const nanos = scale > 0 ? divideUp(value, 10n ** BigInt(scale)) : value * 10n ** BigInt(-scale);
  return sign === "-" ? -nanos : nanos;
}

/** Below 0, 0, above 0: for sorting. What is no quantity counts as 0. */
export function compareQuantities(a: string, b: string): number {
  const difference = (parseQuantity(a) ?? 0n) - (parseQuantity(b) ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The shortest exact notation: binary suffixes for whole KiB and more, else decimal ones. What parses to it is equal again. */
export function formatQuantity(nanos: bigint): string {
  if (nanos < 0n) return `-${formatQuantity(-nanos)}`;
  if (nanos === 0n) return "0";
  const named = Object.entries(factors).filter(([, factor]) => nanos % factor === 0n);
  const written = named.map(([suffix, factor]) => `${nanos / factor}${suffix}`);
  return written.reduce((shortest, next) => (next.length < shortest.length ? next : shortest));
}

function withPowers(suffixes: readonly string[], base: bigint): Record<string, bigint> {
  return Object.fromEntries(suffixes.map((suffix, i) => [suffix, nanosPerUnit * base ** BigInt(i + 1)]));
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}
