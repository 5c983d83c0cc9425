/**
 * A copy of a value in which `change` has put something else in places: it is asked for each part, the whole before what is in it, and gives
 * undefined where the part stays. `path` is where it lies; a list's members have their number.
 */
export function mapValues<T>(value: T, change: (path: readonly string[], part: unknown) => unknown): T {
  return walk(value, [], change) as T;
}

function walk(
  value: unknown,
  path: readonly string[],
  change: (path: readonly string[], part: unknown) => unknown,
): unknown {
  const changed = change(path, value);
  if (changed !== undefined) return changed;
  if (Array.isArray(value)) return value.map((each, i) => walk(each, [...path, String(i)], change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, [...path, key], change)]));
}
