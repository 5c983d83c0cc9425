import type { SuspicionKind } from "../../data/audit/types.ts";

/** What the kinds of suspicion are called, and mean, wherever people see them; the surest first. */
export const suspicionKinds: readonly { kind: SuspicionKind; title: string; text: string }[] = [
  {
    kind: "relabelled",
    title: "Relabelled files",
    text: "An earlier lock knows these very files under another label.",
  },
  {
    kind: "copy",
    title: "Copies under another label",
    text: "The same picture stands under two labels; this is the less likely one.",
  },
  {
    kind: "pair",
    title: "Exchanged labels",
    text: "Many images of one label look like one other label: no accident.",
  },
  {
    kind: "noise",
    title: "Single doubts",
    text: "Images that look like another label. Some are only hard to read: look before you move them.",
  },
];
