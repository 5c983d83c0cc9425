/** @file What an audit of labels looks at and finds. Numbers of labels are classes; rows are rows of the dataset. */

/** A table of rows × classes, row by row. */
export interface Table {
  rows: number;
  classes: number;
  values: Float32Array;
}

export type SuspicionKind =
  /** The same picture (or all but the same) stands under another label too, and this label is the less likely one. */
  | "copy"
  /** One of a pair of labels that were exchanged or poured into each other. */
  | "pair"
  /** A label that stands alone with its error. */
  | "noise"
  /** The reference knows this very file under another label. */
  | "relabelled";

export interface Suspicion {
  row: number;
  kind: SuspicionKind;
  /** As given. */
  label: number;
  /** What it looks like. */
  looksLike: number;
  /** How much more likely the other label is: difference of two shares, -1..1; the larger, the surer. */
  margin: number;
  /** Of a `copy`: the row it is a copy of. */
  copyOf?: number;
}

/** Many rows of one label that look like another: what a slip of one row never makes. */
export interface ExchangedPair {
  label: number;
  looksLike: number;
  /** Rows that confidently look like the other label. */
  rows: number;
  /** Rows of the label in all. */
  of: number;
  /** How many would be expected, were errors spread over all pairs alike. */
  expected: number;
}

export interface LabelFindings {
  suspicions: readonly Suspicion[];
  /** An alarm each. `a → b` and `b → a` together are an exchange. */
  pairs: readonly ExchangedPair[];
}
