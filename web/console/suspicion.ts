import type { SuspicionsAnswer } from "../../src/console/api.ts";

export type Suspicion = SuspicionsAnswer["suspicions"][number];

/** In one sentence, for ears and titles. */
export function describe({ kind, label, looksLike, margin, path, copyOf }: Suspicion): string {
  const other = kind === "relabelled" ? `was ${looksLike} in an earlier lock` : `looks like ${looksLike}`;
  const copy = copyOf === undefined ? "" : `, a copy of ${copyOf}`;
  return `Labelled ${label}, ${other}, margin ${formatMargin(margin)}: ${path}${copy}`;
}

/** `+0.94`: how much more likely the other label is. */
export function formatMargin(margin: number | null): string {
  if (margin === null) return "–";
  return `${margin < 0 ? "−" : "+"}${Math.abs(margin).toFixed(2)}`;
}
