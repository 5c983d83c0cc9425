/** One column of a contract, or several: `repeat` makes as many of them, `shape` makes one that is a tensor by itself. */
export interface ContractField {
  name: string;
  dtype: "FLOAT" | "INT" | "STRING";
  ftype: "continuous" | "categorical";
  /** Of a continuous field. `"inf"` is no bound on that side. Default: none on either. */
  range: readonly [low: number | "inf", high: number | "inf"];
  /** Of a categorical field. */
  values: readonly (number | string)[];
  /** Of one row of this field, without the batch. Default [1]. */
  shape: readonly number[];
}

/** Seldon's contract.json, with `repeat` unfolded: what may be sent, and what must come back. */
export interface Contract {
  features: readonly ContractField[];
  targets: readonly ContractField[];
}

export type Cell = number | string;

/** Which part of the contract an answer breaks. */
export type BreachKind =
  | "status"
  | "body"
  | "failure"
  | "kind"
  | "count"
  | "shape"
  | "names"
  | "type"
  | "range"
  | "category";

export interface Breach {
  kind: BreachKind;
  /** The column, where it is about one. */
  target?: string;
  /** What was seen and what was wanted. */
  message: string;
}
