/**
 * Milliseconds since 1970 of a time as people write it: `2024-01-31`, `2024-01-31T10:00`, with seconds, fractions and a zone (`Z`,
 * `+01:00`) or without, which means UTC; or a number of seconds or milliseconds since 1970. Undefined for anything else, also for
 * days that no calendar has.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === "number") return fromNumber(value);
  if (typeof value !== "string") return undefined;
  if (/^\d{9,13}(?:\.\d+)?$/.test(value)) return fromNumber(Number(value));
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(value);
  if (parts === null) return undefined;
  const [, day = "", clock = "00:00", zone = "Z"] = parts;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // The engine takes 31 February for 2 March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  const time = Date.parse(`${day}T${clock}${zone.replace(/^([+-]\d{2}):?(\d{2})$/, "$1:$2")}`);
  return Number.isNaN(time) ? undefined : time;
}

/** `2024-01-31`, or with the clock where it is not midnight. */
export function formatTime(time: number): string {
  const text = new Date(time).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text;
}

/** Seconds until the year 5138, milliseconds from 1973 on. */
function fromNumber(value: number): number | undefined {
  const time = Math.abs(value) < 1e11 ? value * 1000 : value;
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? time : undefined;
}
