/** @file `slipway.json`: the layer that holds a model's signature and lineage. */
import { canonicalJson, isDigest } from "../base/digest.ts";
import { messageOf } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import type { Signature } from "../model/signature.ts";
import type { Lineage } from "./types.ts";

export interface Details {
  signature: Signature;
  lineage: Lineage;
}

const version = 1;

/** Canonical JSON with a newline at the end. Numbers that JSON lacks (NaN, infinities, bigints) are written as strings. */
export function printDetails({ signature, lineage }: Details): string {
  return `${canonicalJson(toPlain({ version, signature, lineage }))}\n`;
}

/** Returns the details, or a text that says what is wrong with them: the file may be anyone's. */
export function readDetails(text: string): Details | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Not rethrown: the caller knows the artifact's name and throws the catalogue's error with this text.
    return `slipway.json is not JSON (${messageOf(error)})`;
  }
  if (!isObject(value)) return "slipway.json is not a JSON object";
  if (value["version"] !== version)
    return `slipway.json has version ${JSON.stringify(value["version"])}, wanted ${version}: a newer Slipway may have written it`;
  const { signature, lineage } = value;
  const wrong = findWrongInSignature(signature) ?? findWrongInLineage(lineage);
  if (wrong !== undefined) return `slipway.json: ${wrong}`;
  const read = lineage as Lineage;
  return {
    signature: signature as Signature,
    lineage: {
      ...read,
      metrics: restoreNumbers(read.metrics),
      history: read.history.map((record) => restoreNumbers(record)),
    },
  };
}

function findWrongInSignature(signature: unknown): string | undefined {
  if (!isObject(signature)) return "signature is missing";
  for (const side of ["inputs", "outputs"]) {
    const tensors = signature[side];
    if (!Array.isArray(tensors) || tensors.length === 0) return `signature.${side} is not a list of tensors`;
    for (const [i, tensor] of tensors.entries()) {
      const at = `signature.${side}[${i}]`;
      if (!isObject(tensor) || typeof tensor["name"] !== "string" || tensor["name"] === "") return `${at} has no name`;
      if (typeof tensor["datatype"] !== "string") return `${at} (${tensor["name"]}) has no datatype`;
      if (!Array.isArray(tensor["shape"]) || !tensor["shape"].every((size) => Number.isInteger(size) && size >= -1)) {
        return `${at} (${tensor["name"]}) has no shape of whole numbers`;
      }
    }
  }
  return undefined;
}

function findWrongInLineage(lineage: unknown): string | undefined {
  if (!isObject(lineage)) return "lineage is missing";
  const { dataset } = lineage;
  if (!isText(lineage["inputs"]) || !isDigest(lineage["inputs"])) return "lineage.inputs is not a sha256 digest";
  if (
    !isObject(dataset) ||
    !isText(dataset["digest"]) ||
    typeof dataset["count"] !== "number" ||
    !isObject(dataset["labels"])
  ) {
    return "lineage.dataset is not {digest, count, labels}";
  }
  for (const field of ["code", "trainer"]) if (!isText(lineage[field])) return `lineage.${field} is not a text`;
  for (const field of ["parameters", "metrics", "versions"])
    if (!isObject(lineage[field])) return `lineage.${field} is not an object`;
  if (!Array.isArray(lineage["history"]) || !lineage["history"].every(isObject))
    return "lineage.history is not a list of objects";
  if (typeof lineage["seed"] !== "number") return "lineage.seed is not a number";
  if (!isText(lineage["startedAt"]) || Number.isNaN(Date.parse(lineage["startedAt"])))
    return "lineage.startedAt is not an RFC 3339 time";
  const seconds = lineage["durationSeconds"];
  if (typeof seconds !== "number" || !(seconds >= 0)) return "lineage.durationSeconds is not a number of seconds";
  return undefined;
}

function toPlain(value: unknown): unknown {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, toPlain);
  if (!isObject(value) || typeof value["toJSON"] === "function") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPlain(inner)]));
}

function restoreNumbers<T extends object>(record: T): T {
  const restore = (value: unknown) =>
    value === "NaN" || value === "Infinity" || value === "-Infinity" ? Number(value) : value;
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, restore(value)])) as T;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
