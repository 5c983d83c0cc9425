/** @file An ONNX model as plain data: the part of onnx.proto that models in the wild use. Field names follow the specification, shortened. */

/** Element types by the names people use; the position in `elementTypes` is the number on the wire (TensorProto.DataType). */
export const elementTypes = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
] as const;

export type ElementType = (typeof elementTypes)[number];

/** float16 and bfloat16 are kept as their 16 bits, bool as 0 and 1, complex numbers as pairs, everything narrower than a byte as it is packed. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

export interface Tensor {
  name: string;
  type: ElementType;
  shape: readonly number[];
  /** Empty where the data lie in another file (`external`). */
  data: TensorData;
  /** Keys of the specification: location, offset, length, checksum. */
  external?: Readonly<Record<string, string>>;
}

/** A bigint only where a number would not be exact: INT64_MAX stands for "to the end" in older graphs. */
export type Int = number | bigint;

export type Attribute =
  | { kind: "float"; value: number }
  | { kind: "int"; value: Int }
  /** Bytes where they are not UTF-8. */
  | { kind: "string"; value: string | Uint8Array }
  | { kind: "tensor"; value: Tensor }
  | { kind: "graph"; value: Graph }
  | { kind: "floats"; value: Float32Array }
  | { kind: "ints"; value: readonly Int[] }
  | { kind: "strings"; value: readonly (string | Uint8Array)[] }
  | { kind: "tensors"; value: readonly Tensor[] }
  | { kind: "graphs"; value: readonly Graph[] }
  /** Inside a function: the value is the caller's attribute of that name. */
  | { kind: "reference"; value: string }
  /** Sparse tensors and types; kept out: nothing here reads them. */
  | { kind: "other"; value: number };

export interface Node {
  /** Empty where there is none. */
  name: string;
  op: string;
  /** Empty for ONNX's own operators. */
  domain: string;
  /** An empty name stands for an optional input that is not given. */
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, Attribute>>;
}

/** A number, a name for a variable size, or null where nothing is said. */
export type Dimension = number | string | null;

export type ValueType =
  | {
      kind: "tensor";
      element: ElementType;
      /** Missing where even the rank is unknown. */ shape?: readonly Dimension[];
    }
  | { kind: "sequence" | "map" | "optional" | "sparse" | "unknown" };

export interface ValueInfo {
  name: string;
  type: ValueType;
}

export interface Graph {
  name: string;
  nodes: readonly Node[];
  initializers: readonly Tensor[];
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
}

export interface Model {
  irVersion: number;
  /** Version of each domain's operators; ONNX's own domain is the empty name. */
  opsets: Readonly<Record<string, number>>;
  producer: { name: string; version: string };
  graph: Graph;
  /** `metadata_props`. Of a key that is written twice, the last value counts, as in onnxruntime. */
  metadata: Readonly<Record<string, string>>;
}
