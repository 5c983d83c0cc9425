/** @file Seldon's message (prediction.proto), as far as a contract speaks of it. */
import { isObject } from "../../base/json.ts";
import type { Rows } from "./generate.ts";
import type { Breach } from "./types.ts";

export type DataKind = "ndarray" | "tensor";

/** The request's body for one batch. A tensor holds numbers alone. */
export function writeMessage(rows: Rows, names: readonly string[], kind: DataKind): object {
  return { meta: {}, data: { names, ...(kind === "ndarray" ? { ndarray: rows } : { tensor: toTensor(rows) }) } };
}

export interface ReadMessage {
  kind: DataKind;
  names: readonly string[];
  /** One list of cells per row, flattened. */
  rows: readonly (readonly unknown[])[];
}

/** The data of an answer, or what is wrong with it as a message. */
export function readMessage(body: unknown): ReadMessage | Breach {
  if (!isObject(body)) return { kind: "body", message: `the answer is ${show(body)}, wanted a message with data` };
  const { status, data } = body;
  if (isObject(status) && status["status"] === "FAILURE") {
    const { reason, info, code } = status;
    return { kind: "failure", message: `status FAILURE ${show(code)}: ${[reason, info].filter(Boolean).join(", ")}` };
  }
  if (!isObject(data))
    return { kind: "body", message: `data is ${show(data)}, wanted an object with ndarray or tensor` };
  const { names = [], ndarray, tensor } = data;
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string"))
    return { kind: "body", message: `data.names is ${show(names)}, wanted a list of texts` };
  if (Array.isArray(ndarray)) {
    const rows = ndarray.map((row) => (Array.isArray(row) ? (row as unknown[]).flat(Infinity) : [row]));
    return { kind: "ndarray", names, rows };
  }
  if (isObject(tensor)) return readTensor(tensor, names);
  return { kind: "body", message: `data holds ${show(Object.keys(data))}, wanted ndarray or tensor` };
}

function readTensor({ shape, values }: Record<string, unknown>, names: string[]): ReadMessage | Breach {
  const sizes = Array.isArray(shape) ? shape.map(Number) : [];
  if (sizes.length === 0 || !sizes.every((size) => Number.isInteger(size) && size >= 0))
    return { kind: "body", message: `tensor.shape is ${show(shape)}, wanted a list of sizes` };
  if (!Array.isArray(values)) return { kind: "body", message: `tensor.values is ${show(values)}, wanted a list` };
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count !== values.length)
    return {
      kind: "shape",
      message: `tensor.shape ${show(sizes)} has room for ${count} values, there are ${values.length}`,
    };
  const rows = sizes[0]!;
  const width = rows === 0 ? 0 : count / rows;
  return {
    kind: "tensor",
    names,
    rows: Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width) as unknown[]),
  };
}

function toTensor(rows: Rows): object {
  const shape: number[] = [];
  for (let at: unknown = rows; Array.isArray(at); at = at[0]) shape.push(at.length);
  return { shape, values: rows.flat(Infinity) };
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
