/** @file How numbers and tables look to people. The same everywhere, whatever the machine's language. */
import { stripVTControlCharacters } from "node:util";

const grouped = new Intl.NumberFormat("en-US");

/** `5,001` */
export function formatCount(value: number): string {
  return grouped.format(value);
}

/** `1 image`, `5,001 images` */
export function formatItems(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `0.2 s`, `31.0 s`, `2 min 05 s` */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** `0:14`, `1:02:09` */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `4.6 MB` (powers of ten, as disks are sold and `ls --si` shows). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.95 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `2 min ago`, `3 days ago`; the date where it is longer ago than a month. */
export function formatAge(rfc3339: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(rfc3339)) / 1000);
  const steps: [limit: number, unit: number, name: string][] = [
    [60, 1, "s"],
    [3600, 60, "min"],
    [86_400, 3600, "h"],
    [30 * 86_400, 86_400, "d"],
  ];
  for (const [limit, unit, name] of steps) if (seconds < limit) return `${Math.floor(seconds / unit)} ${name} ago`;
  return rfc3339.slice(0, 10);
}

/** Columns aligned by what is seen; the last one is not padded. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const seen = (text: string): number => stripVTControlCharacters(text).length;
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => seen(row[column] ?? ""))));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell + " ".repeat(column === head.length - 1 ? 0 : (widths[column] ?? 0) - seen(cell)))
      .join("  ")
      .trimEnd(),
  );
}

/** Cuts by what is seen: colours take no room and are closed at the end. */
export function cutLine(text: string, width: number): string {
  if (stripVTControlCharacters(text).length <= width) return text;
  let seen = 0;
  let kept = "";
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
  for (const [piece] of text.matchAll(/\u001B\[[\d;]*m|[\s\S]/gu)) {
    if (!piece.startsWith("\u001B")) {
      if (seen >= width - 1) break;
      seen++;
    }
    kept += piece;
  }
  return `${kept}…${kept.includes("\u001B") ? "\u001B[0m" : ""}`;
}
