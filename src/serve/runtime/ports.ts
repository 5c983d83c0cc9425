/** @file What crosses to the thread that runs a model: which tensors, row by row, and by which way. */
import type { Datatype, Signature, TensorSignature } from "../../model/signature.ts";
import type { ElementType } from "../../onnx/types.ts";

/** Element types as onnxruntime names them, and the arrays that hold them. bool is 0 and 1, float16 its bits. */
const elements = {
  BOOL: { type: "bool", array: Uint8Array },
  UINT8: { type: "uint8", array: Uint8Array },
  UINT16: { type: "uint16", array: Uint16Array },
  UINT32: { type: "uint32", array: Uint32Array },
  UINT64: { type: "uint64", array: BigUint64Array },
  INT8: { type: "int8", array: Int8Array },
  INT16: { type: "int16", array: Int16Array },
  INT32: { type: "int32", array: Int32Array },
  INT64: { type: "int64", array: BigInt64Array },
  FP16: { type: "float16", array: Uint16Array },
  FP32: { type: "float32", array: Float32Array },
  FP64: { type: "float64", array: Float64Array },
} as const satisfies Partial<Record<Datatype, { type: ElementType; array: unknown }>>;

export type NumberArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** The values of one tensor. */
export type Values = NumberArray | readonly string[];

export interface Tensor {
  /** With the batch axis. */
  shape: readonly number[];
  data: Values;
}

/** One row: values in the order of the ports. `shapes`, with the batch axis, where the model takes whatever shape it is given. */
export interface Row {
  values: readonly Values[];
  shapes?: readonly (readonly number[])[];
}

/** One tensor as the thread that runs the model needs it: plain data, sent along when the thread starts. */
export interface RowPort {
  name: string;
  datatype: Datatype;
  /** Without the batch axis; -1 is variable. */
  shape: readonly number[];
}

/** What a model takes and gives, row by row. */
export interface ModelPorts {
  inputs: readonly RowPort[];
  outputs: readonly RowPort[];
  /**
   * `shared`: numbers of known sizes, in memory that both threads see. `messages`: texts, and shapes that only the run tells.
   */
  exchange: "shared" | "messages";
  /** Rows of many callers may run as one. Else each caller's tensors run alone, as they come. */
  batched: boolean;
  /** Rows of every run, where the model's batch axis is fixed. */
  fixedRows: number | undefined;
}

export function toPorts({ inputs, outputs }: Signature): ModelPorts {
  const [first = -1] = inputs.map(({ shape }) => shape[0] ?? -1);
  const rows = first > 0 ? first : undefined;
  const ports = { inputs: inputs.map(toRowPort), outputs: outputs.map(toRowPort) };
  const sameRows = [...inputs, ...outputs].every(({ shape }) => (shape[0] ?? -1) === first);
  const batched = sameRows && ports.inputs.every(({ shape }) => !shape.includes(-1));
  const shared =
    batched && [...ports.inputs, ...ports.outputs].every((port) => isNumeric(port) && !port.shape.includes(-1));
  return { ...ports, exchange: shared ? "shared" : "messages", batched, fixedRows: batched ? rows : undefined };
}

export function elementTypeOf({ datatype }: RowPort): ElementType {
  return datatype === "BYTES" ? "string" : elements[datatype].type;
}

/** Values of one row; 1 for a single number. Only where no size is variable. */
export function sizeOf({ shape }: RowPort): number {
  return shape.reduce((all, size) => all * size, 1);
}

/** An array for so many values of the port's type. */
export function createValues({ datatype }: RowPort, count: number): NumberArray | string[] {
  return datatype === "BYTES" ? Array.from<string>({ length: count }).fill("") : new elements[datatype].array(count);
}

export function bytesPerRow(port: RowPort): number {
  return port.datatype === "BYTES" ? 0 : sizeOf(port) * elements[port.datatype].array.BYTES_PER_ELEMENT;
}

/** The numbers of the first `rows` rows that lie in `memory`. */
export function viewRows(port: RowPort, memory: SharedArrayBuffer, rows: number): NumberArray {
  const View = (elements[port.datatype as keyof typeof elements] ?? elements.UINT8).array as new (
    memory: SharedArrayBuffer,
    from: number,
    length: number,
  ) => NumberArray;
  return new View(memory, 0, rows * sizeOf(port));
}

function isNumeric({ datatype }: RowPort): boolean {
  return datatype !== "BYTES";
}

function toRowPort({ name, datatype, shape, content }: TensorSignature): RowPort {
  const inner = shape.slice(1);
  // Exporters may leave the number of classes open; the labels then say it.
  if (content?.kind === "probabilities") return { name, datatype, shape: [content.labels.length] };
  if (content?.kind === "features") return { name, datatype, shape: [content.names.length] };
  return { name, datatype, shape: inner };
}
