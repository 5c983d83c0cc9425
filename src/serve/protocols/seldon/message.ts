/** @file SeldonMessage (seldon-core, proto/prediction.proto) as JSON: what it carries, and the answer of the same kind. */
import { randomBytes } from "node:crypto";
import { isObject } from "../../../base/json.ts";
import { inputInvalid } from "../../errors.ts";
import { checkText } from "../../inputs/json.ts";
import { show } from "../../inputs/row.ts";
import { flatten, nest, readShape } from "../../tensors.ts";

/** What a message carries. */
export type Payload =
  /** Rows of anything. `flat`: it was a single row without a list round it. */
  | { kind: "tensor" | "ndarray"; names: readonly string[]; rows: unknown[][]; flat: boolean }
  | { kind: "strData"; text: string }
  | { kind: "binData"; base64: string }
  | { kind: "jsonData"; value: unknown };

export interface Message {
  payload: Payload;
  meta: Record<string, unknown>;
}

export const payloadKinds = "data with tensor or ndarray, strData, binData or jsonData";

/** Throws `inputInvalid`. */
export function readMessage(body: Record<string, unknown>, path = ""): Message {
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const { meta = {}, data, strData, binData, jsonData } = body;
  if (!isObject(meta)) throw inputInvalid({ path: at("meta"), seen: show(meta), wanted: "an object" });
  if (data !== undefined) return { meta, payload: readData(data, at("data")) };
  if (strData !== undefined) return { meta, payload: { kind: "strData", text: checkText(strData, at("strData")) } };
  if (binData !== undefined) return { meta, payload: { kind: "binData", base64: checkText(binData, at("binData")) } };
  if ("jsonData" in body) return { meta, payload: { kind: "jsonData", value: jsonData } };
  throw inputInvalid({ path: path || "the body", seen: "without data", wanted: payloadKinds });
}

function readData(data: unknown, path: string): Payload {
  if (!isObject(data)) throw inputInvalid({ path, seen: show(data), wanted: "an object with tensor or ndarray" });
  const names = data["names"] ?? [];
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string"))
    throw inputInvalid({ path: `${path}.names`, seen: show(names), wanted: "a list of texts" });
  if (data["tensor"] !== undefined)
    return { kind: "tensor", names: names as string[], ...readTensor(data["tensor"], `${path}.tensor`) };
  const { ndarray } = data;
  if (!Array.isArray(ndarray) || ndarray.length === 0)
    throw inputInvalid({ path: `${path}.ndarray`, seen: show(ndarray), wanted: "a list of at least one row" });
  const flat = !ndarray.some((row) => Array.isArray(row));
  if (!flat && !ndarray.every((row) => Array.isArray(row)))
    throw inputInvalid({ path: `${path}.ndarray`, seen: "rows and single values mixed", wanted: "a list of rows" });
  return { kind: "ndarray", names: names as string[], rows: flat ? [ndarray] : (ndarray as unknown[][]), flat };
}

function readTensor(tensor: unknown, path: string): { rows: unknown[][]; flat: boolean } {
  if (!isObject(tensor)) throw inputInvalid({ path, seen: show(tensor), wanted: "an object with shape and values" });
  const shape = readShape(tensor["shape"], `${path}.shape`);
  const values = tensor["values"];
  const count = shape.reduce((all, size) => all * size, 1);
  if (!Array.isArray(values) || values.length !== count || count === 0)
    throw inputInvalid({
      path: `${path}.values`,
      seen: show(values),
      wanted: `${Math.max(1, count)} numbers, as the shape says`,
    });
  const wrong = values.findIndex((value) => typeof value !== "number" && value !== null && typeof value !== "bigint");
  if (wrong >= 0)
    throw inputInvalid({ path: `${path}.values[${wrong}]`, seen: show(values[wrong]), wanted: "a number" });
  const flat = shape.length === 1;
  return { rows: flat ? [values] : (nest(values, shape) as unknown[][]), flat };
}

/** An answer in the kind of the question: a tensor for a tensor if it is of numbers, else an ndarray. */
export function writeRows(asked: Payload, names: readonly string[], rows: readonly (readonly unknown[])[]): object {
  const isFlat = "flat" in asked && asked.flat && rows.length === 1;
  const array: unknown = isFlat ? rows[0] : rows;
  // Without rows in the question the wrapper of Seldon's own answers numbers by a tensor too.
  if (asked.kind === "ndarray") return { data: { names, ndarray: array } };
  const { shape, values } = flattenOr(array);
  return values === undefined ? { data: { names, ndarray: array } } : { data: { names, tensor: { shape, values } } };
}

function flattenOr(array: unknown): { shape: number[]; values: unknown[] | undefined } {
  try {
    const { shape, flat } = flatten(array, "the answer");
    return { shape, values: flat.every((value) => typeof value === "number") ? flat : undefined };
  } catch {
    return { shape: [], values: undefined }; // ragged: a tensor cannot be, an ndarray can
  }
}

/** The caller's own, with an id where it has none: feedback names a prediction by it. */
export function writeMeta(meta: Record<string, unknown>, model: { name: string; version: string }): object {
  const { puid, tags, routing, requestPath } = meta;
  return {
    puid: typeof puid === "string" && puid !== "" ? puid : randomBytes(13).toString("hex"),
    ...(isObject(tags) && { tags }),
    ...(isObject(routing) && { routing }),
    requestPath: { ...(isObject(requestPath) && requestPath), [model.name]: model.version },
  };
}
