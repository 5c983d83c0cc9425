import type { AuditReport } from "./run.ts";

/** What an audit says in sentences, the gravest first; empty where it found nothing worth stopping for. `share` of single slips is let pass. */
export function listAlarms(report: AuditReport, share = 0.01): string[] {
  const { pairs, suspicions, drift, labels, count } = report;
  const of = (kind: string): number => suspicions.filter((suspicion) => suspicion.kind === kind).length;
  const name = (label: number): string => labels[label] ?? String(label);
  const done = new Set<string>();
  // An exchange is named from its lower label, whichever way was found first.
  const ordered = pairs.toSorted((a, b) => a.label - b.label || a.looksLike - b.looksLike);
  const exchanged = ordered.flatMap(({ label, looksLike, rows, of: all }) => {
    const key = [label, looksLike].toSorted((a, b) => a - b).join();
    if (done.has(key)) return [];
    done.add(key);
    const back = pairs.find((pair) => pair.label === looksLike && pair.looksLike === label);
    const one = `${rows} of ${all} labelled ${name(label)} look like ${name(looksLike)}`;
    return back === undefined
      ? [one]
      : [`${name(label)} and ${name(looksLike)} look exchanged: ${one}, ${back.rows} of ${back.of} the other way`];
  });
  const copies = of("copy");
  const slips = of("noise");
  return [
    ...exchanged,
    ...listRelabelled(report),
    ...(copies > 0 ? [`${plural(copies, "copy", "copies")} of other images under another label`] : []),
    ...(slips > share * count ? [`${plural(slips, "image")} look like another label (${percent(slips / count)})`] : []),
    ...drift.map(({ label, nearest, ratio }) =>
      ratio > 1
        ? `label ${name(label)} looks like the old ${name(nearest)} now`
        : `label ${name(label)} has drifted towards ${name(nearest)} (${ratio.toFixed(2)})`,
    ),
  ];
}

/** A line for each pair of labels: how many files went from one to the other. */
function listRelabelled({ suspicions, labels }: AuditReport): string[] {
  const moved = Map.groupBy(
    suspicions.filter(({ kind }) => kind === "relabelled"),
    ({ label, looksLike }) => `${labels[looksLike]} are ${labels[label]} now`,
  );
  return [...moved]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([words, { length }]) => `${plural(length, "file")} that an earlier lock had as ${words}`);
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
