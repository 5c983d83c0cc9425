import { isObject } from "../../base/json.ts";
import { prepareText } from "../../model/text.ts";
import { inputInvalid, jsonMalformed, textTooLong } from "../errors.ts";
import type { ServedModel } from "../model.ts";
import type { Row } from "../runtime/ports.ts";
import { parseJson } from "../values.ts";
import { show, toNumbers, toRow } from "./row.ts";

/** Characters that a text may have: whole books are not what a request is for, and one would hold up all others' rows. */
export const mostCharacters = 1_048_576;
/** Bytes of a JSON body with one text: each character may be six when it is escaped. */
export const mostTextBytes = 8 * mostCharacters;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A body as JSON. Throws `jsonMalformed`. `wanted` is what should be sent, for people. */
export function readJson(body: Uint8Array, wanted: string): unknown {
  if (body.length === 0) throw jsonMalformed({ why: "it is empty", wanted });
  try {
    return parseJson(utf8.decode(body));
  } catch (error) {
    // A fault of the text, or bytes that are no UTF-8; neither is ours.
    const why =
      error instanceof SyntaxError
        ? error.message.slice(0, 200)
        : error instanceof RangeError
          ? "it is nested too deeply"
          : "it is not UTF-8";
    throw jsonMalformed({ why, wanted }, { cause: error });
  }
}

/** As `readJson`, and it must be an object. */
export function readObject(body: Uint8Array, wanted: string): Record<string, unknown> {
  const value = readJson(body, wanted);
  if (isObject(value)) return value;
  throw inputInvalid({ path: "the body", seen: show(value), wanted });
}

/** A text as a row. Throws `inputInvalid`, `textTooLong`. */
export function readText(value: unknown, path: string, model: Pick<ServedModel, "ports" | "artifact">): Row {
  const { content } = model.artifact.signature.inputs[0]!;
  const lowercase = content?.kind === "text" && content.lowercase === true;
  return toRow(model, [prepareText(checkText(value, path), { lowercase })]);
}

/** Half of a surrogate pair, which no encoding has, becomes U+FFFD. */
export function checkText(value: unknown, path: string): string {
  if (typeof value !== "string") throw inputInvalid({ path, seen: show(value), wanted: "a text" });
  if (value.length > mostCharacters)
    throw textTooLong({
      path,
      seen: value.length,
      limit: mostCharacters,
      wanted: `at most ${mostCharacters} characters`,
    });
  return value.isWellFormed() ? value : value.toWellFormed();
}

/** Columns by their names, or all in order, as a row. Throws `inputInvalid`. */
export function readColumns(
  value: unknown,
  path: string,
  model: Pick<ServedModel, "ports">,
  names: readonly string[],
): Row {
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const whole = path === "" ? "the body" : path;
  const port = model.ports.inputs[0]!;
  if (Array.isArray(value)) {
    if (value.length !== names.length)
      throw inputInvalid({ path: whole, seen: show(value), wanted: `${names.length} numbers: ${names.join(", ")}` });
    return toRow(
      model,
      toNumbers(port, value as unknown[], (index) => `${path}[${index}]`),
    );
  }
  if (!isObject(value))
    throw inputInvalid({ path: whole, seen: show(value), wanted: `an object with ${names.join(", ")}` });
  // A column that nobody knows is a typing error of one that is then missing, or data that would silently not count.
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw inputInvalid({ path: at(unknown), seen: "no column of the model", wanted: names.join(", ") });
  return toRow(
    model,
    toNumbers(
      port,
      names.map((name) => value[name]),
      (index) => at(names[index]!),
    ),
  );
}
