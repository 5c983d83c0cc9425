/** @file A thing that a caller asks about, as protocols for instances and tables write it, as a row of the model. */
import { isObject } from "../base/json.ts";
import { inputInvalid } from "./errors.ts";
import { readImage } from "./inputs/image.ts";
import { readColumns, readText } from "./inputs/json.ts";
import { show, toNumbers, toRow } from "./inputs/row.ts";
import type { ServedModel } from "./model.ts";
import type { Sent } from "./prediction.ts";
import { sizeOf, type Row } from "./runtime/ports.ts";
import type { Service } from "./service.ts";
import { checkShape, flatten, splitTensors, toValues } from "./tensors.ts";

/** One instance in any of the forms that are in use. Throws `inputInvalid` and what reading an image throws. */
export function readInstance(
  given: unknown,
  path: string,
  around: { model: ServedModel; service: Service; sent: Sent },
): Row | Promise<Row> {
  const { model, service, sent } = around;
  const { input } = model.face;
  if (input.kind === "features" && !isNamedInput(given, model)) return readColumns(given, path, model, input.names);
  const value = unwrap(given, model);
  if (input.kind === "text") return readTextInstance(value, path, model);
  if (input.kind === "image") {
    const file = readBase64(value, path);
    return file === undefined ? readPixels(value, path, model) : readImage(file, model, service, sent);
  }
  if (input.kind === "features") return readColumns(value, path, model, input.names);
  return readTensors(given, path, model);
}

/** `{"text": …}` and `{"image": …}` are the same as the value alone, and so is `{"<the input's name>": …}`. */
function unwrap(given: unknown, model: ServedModel): unknown {
  if (!isObject(given)) return given;
  const keys = Object.keys(given);
  const [key = ""] = keys;
  const { kind } = model.face.input;
  const names = [model.ports.inputs[0]!.name, kind, ...(kind === "image" ? ["image_bytes"] : [])];
  return keys.length === 1 && names.includes(key) ? given[key] : given;
}

function isNamedInput(given: unknown, { ports }: ServedModel): boolean {
  return isObject(given) && Object.keys(given).length === 1 && Array.isArray(given[ports.inputs[0]!.name]);
}

function readTextInstance(given: unknown, path: string, model: ServedModel): Row {
  // A row of a table with one column.
  return readText(Array.isArray(given) && given.length === 1 ? given[0] : given, path, model);
}

/** `{"b64": "…"}`, as TensorFlow Serving and KServe write bytes. */
function readBase64(value: unknown, path: string): Uint8Array | undefined {
  if (!isObject(value) || !("b64" in value)) return undefined;
  return decodeBase64(value["b64"], `${path}.b64`);
}

export function decodeBase64(value: unknown, path: string): Uint8Array {
  // Buffer would skip whatever is no letter of it, and decode half a file.
  if (typeof value === "string" && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return Buffer.from(value, "base64");
  throw inputInvalid({
    path,
    seen: typeof value === "string" ? "no base64" : show(value),
    wanted: "an image file in base64",
  });
}

/** Pixels 0..255, nested or flat. */
function readPixels(value: unknown, path: string, model: ServedModel): Row {
  const port = model.ports.inputs[0]!;
  const { flat } = flatten(value, path);
  const [height, width, channels] = port.shape;
  if (!Array.isArray(value) || flat.length !== sizeOf(port))
    throw inputInvalid({
      path,
      seen: Array.isArray(value) ? `${flat.length} numbers` : show(value),
      wanted: `${height}×${width}×${channels} pixels, or {"b64":"…"} with an image file`,
    });
  return toRow(
    model,
    toNumbers(port, flat, (at) => `${path}[${at}]`),
  );
}

/** One row of every input: a value where there is one input, else an object by their names. */
function readTensors(given: unknown, path: string, model: ServedModel): Row {
  const { inputs, batched } = model.ports;
  const isNamed = isObject(given);
  if (!isNamed && inputs.length > 1)
    throw inputInvalid({
      path,
      seen: show(given),
      wanted: `an object with ${inputs.map(({ name }) => name).join(", ")}`,
    });
  const tensors = inputs.map((port, index) => {
    const at = isNamed ? `${path}.${port.name}` : path;
    const { shape, flat } = flatten(isNamed ? given[port.name] : given, at);
    // Where all sizes are known the nesting says nothing new; else it is what says the sizes.
    const isWhole = !port.shape.includes(-1) && flat.length === sizeOf(port);
    const full = [1, ...(isWhole ? port.shape : shape)];
    if (batched || !isWhole) checkShape(model, index, full, at);
    return { shape: full, data: toValues(model, index, flat, at) };
  });
  return splitTensors(model, tensors)[0]!;
}
