/** @file What a model takes and gives. It drives validation, OpenAPI, the protocols, the playground and the verify step. */

/** Tensor element types by their Open Inference Protocol v2 names. */
export type Datatype =
  | "BOOL"
  | "UINT8"
  | "UINT16"
  | "UINT32"
  | "UINT64"
  | "INT8"
  | "INT16"
  | "INT32"
  | "INT64"
  | "FP16"
  | "FP32"
  | "FP64"
  | "BYTES";

/** What the numbers of a tensor mean to a person. A tensor without it is served as plain numbers. */
export type Content =
  /** Pixels 0..255, rows of NHWC, decoded from an uploaded image. */
  | { kind: "image"; height: number; width: number; channels: 1 | 3 }
  /** One probability per label, summing to one. */
  | { kind: "probabilities"; labels: readonly string[] }
  /**
   * UTF-8 strings, one a row: BYTES of shape [-1] or [-1, 1]. What is asked goes through `prepareText` first, which makes it lower case
   * where `lowercase` says so.
   */
  | { kind: "text"; lowercase?: boolean }
  /** Named columns in this order, along the last axis. */
  | { kind: "features"; names: readonly string[] }
  /**
   * Detections of one image, best first: FP32 of shape [-1, K, 6], each [class, score, left, top, right, bottom], the corners as
   * shares of width and height. Rows of score 0 are padding.
   */
  | { kind: "boxes"; labels: readonly string[] };

export interface TensorSignature {
  name: string;
  datatype: Datatype;
  /** -1 is variable; the first axis is the batch. */
  shape: readonly number[];
  content?: Content;
}

export interface Signature {
  inputs: readonly TensorSignature[];
  outputs: readonly TensorSignature[];
}
