/** @file What a pickle may hold once it is read: plain data, and tensors that are still in the file. */

import type { ElementType } from "../../onnx/types.ts";

export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  /** A list. */
  | PyValue[]
  /** A dict of any kind; keys that are no text or number are kept and never looked at. */
  | Map<PyValue, PyValue>
  | Set<PyValue>
  | PyTuple
  | PyGlobal
  | PyOpaque
  | StorageRef
  | TensorRef;

export interface PyTuple {
  kind: "tuple";
  items: readonly PyValue[];
}

/** A name from the allow-list, as `module.name`; what it does is decided here and never by the file. */
export interface PyGlobal {
  kind: "global";
  name: string;
}

/** A value that weights do not need: a device, a layout, a complex number. */
export interface PyOpaque {
  kind: "opaque";
  name: string;
}

/** A block of numbers in the file that tensors are views of. */
export interface StorageRef {
  kind: "storage";
  key: string;
  /** Missing for untyped bytes: the tensor says it. */
  dtype: ElementType | undefined;
  /** Bytes. */
  size: number;
  /** Where this storage begins in the one of that key, in bytes: files of 2017 have storages that are views. */
  offset: number;
  /** Bytes of the whole storage of that key. */
  whole: number;
}

export interface TensorRef {
  kind: "tensor";
  storage: StorageRef;
  dtype: ElementType;
  shape: readonly number[];
  /** In elements, as is `offset`. */
  strides: readonly number[];
  offset: number;
}

export function isKind<K extends "tuple" | "global" | "opaque" | "storage" | "tensor">(
  value: PyValue | undefined,
  kind: K,
): value is Extract<PyValue, { kind: K }> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}
