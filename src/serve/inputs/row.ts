import { inputInvalid } from "../errors.ts";
import type { ServedModel } from "../model.ts";
import { createValues, type Row, type RowPort, type Values } from "../runtime/ports.ts";
import { fromJsonValue } from "../values.ts";

/** A row of a model with one input. */
export function toRow({ ports }: Pick<ServedModel, "ports">, values: Values): Row {
  const port = ports.inputs[0]!;
  if (ports.batched) return { values: [values] };
  // Such a model gets the array as it is, so it must be of the model's own type.
  const fits = createValues(port, 0).constructor === values.constructor;
  return { values: [fits ? values : convert(port, values as Uint8Array)], shapes: [[1, ...port.shape]] };
}

/** Numbers of JSON as the port's array. `path` says where they are. */
export function toNumbers(port: RowPort, numbers: readonly unknown[], pathOf: (index: number) => string): Values {
  const values = createValues(port, numbers.length);
  for (const [index, given] of numbers.entries()) {
    const value = fromJsonValue(port.datatype, given);
    if (value === undefined)
      throw inputInvalid({
        path: pathOf(index),
        seen: show(given),
        wanted: describeValue[port.datatype] ?? `a number that ${port.datatype} holds`,
      });
    values[index] = value as never;
  }
  return values;
}

const describeValue: Partial<Record<RowPort["datatype"], string>> = {
  BYTES: "a text",
  BOOL: "true or false",
  FP16: "a number",
  FP32: "a number",
  FP64: "a number",
};

/** A value in few words, for messages. */
export function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function convert(port: RowPort, pixels: Uint8Array): Values {
  const values = createValues(port, pixels.length);
  for (let index = 0; index < pixels.length; index++)
    values[index] = fromJsonValue(port.datatype, pixels[index]) as never;
  return values;
}
