import type { SuspicionsAnswer } from "../../src/console/api.ts";

export type Suspicion = SuspicionsAnswer["suspicions"][number];

/** `+0.94`: how much more likely the other label is. */
export function formatMargin(margin: number | null): string {
  if (margin === null) return "–";
  return `${margin < 0 ? "−" : "+"}${Math.abs(margin).toFixed(2)}`;
}
