/**
 * @file Schedules as Kubernetes takes them (github.com/robfig/cron, its standard parser): five fields, no L, W or #, Sunday is 0 and never 7, and no range
 * that goes round the end. Other cron libraries take more, and the API server would refuse it only at the end of the way.
 */

interface Field {
  name: string;
  least: number;
  most: number;
  words: readonly string[];
}

const fields: readonly Field[] = [
  { name: "minute", least: 0, most: 59, words: [] },
  { name: "hour", least: 0, most: 23, words: [] },
  { name: "day of the month", least: 1, most: 31, words: [] },
  {
    name: "month",
    least: 1,
    most: 12,
    words: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "day of the week", least: 0, most: 6, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** What a schedule would have to be for Kubernetes to take it, or undefined for one that it takes. */
export function findCronFault(schedule: string): string | undefined {
  const parts = schedule.trim().split(/\s+/);
  if (schedule.trim() === "" || parts.length !== fields.length)
    return 'five fields: minute, hour, day of the month, month, day of the week, such as "*/5 * * * *"';
  const wrong = fields.find((field, i) => !parts[i]!.split(",").every((part) => isPart(part, field)));
  if (wrong === undefined) return undefined;
  const { name, least, most, words } = wrong;
  const named = words.length === 0 ? "" : ` (or ${words.find((word) => word !== "")}…)`;
  return `for the ${name} numbers from ${least} to ${most}${named}, *, ranges such as 1-5 and steps such as */2`;
}

/** `*`, `?`, `3`, `mon`, `1-5`, and any of them with a step. */
function isPart(part: string, field: Field): boolean {
  const [range = "", step, ...more] = part.split("/");
  if (more.length > 0 || (step !== undefined && !(/^\d+$/.test(step) && Number(step) > 0))) return false;
  if (range === "*" || range === "?") return true;
  const [from, to, ...rest] = range.split("-").map((end) => toNumber(end, field));
  if (rest.length > 0 || from === undefined || (range.includes("-") && to === undefined)) return false;
  return from >= field.least && from <= (to ?? from) && (to ?? from) <= field.most;
}

function toNumber(end: string, { words }: Field): number | undefined {
  if (/^\d{1,9}$/.test(end)) return Number(end);
  const index = end === "" ? -1 : words.indexOf(end.toLowerCase());
  return index < 0 ? undefined : index;
}
