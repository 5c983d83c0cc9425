/** @file Nested lists of JSON as rows of a model, and results as nested lists. */
import { prepareText } from "../model/text.ts";
import { inputInvalid, outputsUnexpected } from "./errors.ts";
import { checkText } from "./inputs/json.ts";
import { show, toNumbers } from "./inputs/row.ts";
import type { ServedModel } from "./model.ts";
import { createValues, sizeOf, type Row, type RowPort, type Tensor, type Values } from "./runtime/ports.ts";
import { toJsonValues } from "./values.ts";

/** The shape of nested lists, and what is in them, in order. Throws `inputInvalid` where they are ragged. */
export function flatten(value: unknown, path: string): { shape: number[]; flat: unknown[] } {
  const shape: number[] = [];
  for (let at = value; Array.isArray(at); at = (at as unknown[])[0]) {
    shape.push(at.length);
    if (shape.length > mostAxes)
      throw inputInvalid({ path, seen: `nested ${shape.length} deep`, wanted: `at most ${mostAxes} axes` });
  }
  if (shape.length === 0) return { shape, flat: [value] };
  const flat: unknown[] = [];
  const walk = (list: unknown, axis: number): void => {
    if (!Array.isArray(list) || list.length !== shape[axis])
      throw inputInvalid({
        path,
        seen: "lists of different lengths",
        wanted: `the shape [${shape.join(", ")}] throughout`,
      });
    if (axis < shape.length - 1) for (const inner of list) walk(inner, axis + 1);
    else
      for (const one of list) {
        if (Array.isArray(one))
          throw inputInvalid({
            path,
            seen: "lists of different depths",
            wanted: `the shape [${shape.join(", ")}] throughout`,
          });
        flat.push(one);
      }
  };
  walk(value, 0);
  return { shape, flat };
}

/** More than any model has; deeper nesting is an attack on somebody's stack. */
const mostAxes = 16;

/** Values of JSON as the port's own. Texts are prepared as the model wants them. */
export function toValues(model: ServedModel, index: number, flat: readonly unknown[], path: string): Values {
  const port = model.ports.inputs[index]!;
  if (port.datatype !== "BYTES") return toNumbers(port, flat, (at) => `${path}[${at}]`);
  const { content } = model.artifact.signature.inputs[index]!;
  const lowercase = content?.kind === "text" && content.lowercase === true;
  return flat.map((text, at) => prepareText(checkText(text, `${path}[${at}]`), { lowercase }));
}

/**
 * Whole tensors, one an input, as rows. They have passed `checkShape`; all have as many rows. A model that does not batch gets them as one.
 */
export function splitTensors(model: ServedModel, tensors: readonly Tensor[]): Row[] {
  const { ports } = model;
  if (!ports.batched) return [{ values: tensors.map(({ data }) => data), shapes: tensors.map(({ shape }) => shape) }];
  const rows = tensors[0]!.shape[0]!;
  const sizes = ports.inputs.map(sizeOf);
  return Array.from({ length: rows }, (_, row) => ({
    values: tensors.map(({ data }, index) => data.slice(row * sizes[index]!, (row + 1) * sizes[index]!) as Values),
  }));
}

/** Throws `inputInvalid` where the model does not take such a shape. */
export function checkShape(model: ServedModel, index: number, shape: readonly number[], path: string): void {
  const { shape: wanted } = model.artifact.signature.inputs[index]!;
  const inner = model.ports.inputs[index]!.shape;
  // A fixed batch is filled up by the server; only what does not batch must have it.
  const first = model.ports.batched ? -1 : wanted[0]!;
  const full = [first, ...inner];
  const fits =
    shape.length === full.length &&
    full.every((size, axis) => (size === -1 ? shape[axis]! >= 1 : size === shape[axis]));
  if (!fits)
    throw inputInvalid({
      path,
      seen: `[${shape.join(", ")}]`,
      wanted: `[${full.join(", ")}] (-1: any number of at least 1)`,
    });
}

/** Outputs of all rows as whole tensors, in the order of the ports. */
export function joinResults(model: ServedModel, results: readonly Row[]): Tensor[] {
  const { outputs, batched } = model.ports;
  return outputs.map((port, index) => {
    const [first] = results;
    if (!batched) return { shape: first!.shapes![index]!, data: first!.values[index]! };
    const inner = first?.shapes?.[index]?.slice(1) ?? port.shape;
    return {
      shape: [results.length, ...inner],
      data: concat(
        model,
        port,
        results.map(({ values }) => values[index]!),
      ),
    };
  });
}

/** What a row gives for one output, as JSON: a value, or nested lists without the batch axis. */
export function toNested(model: ServedModel, result: Row, index: number): unknown {
  const { datatype, shape } = model.ports.outputs[index]!;
  const inner = result.shapes?.[index]?.slice(1) ?? shape;
  const flat = toJsonValues(datatype, result.values[index]!);
  return inner.length === 0 ? flat[0] : nest(flat, inner);
}

/** A flat list in the shape of nested ones. */
export function nest(flat: readonly unknown[], shape: readonly number[]): unknown {
  let level: unknown[] = [...flat];
  for (const size of shape.slice(1).toReversed()) {
    const grouped: unknown[] = [];
    for (let from = 0; from < level.length; from += size) grouped.push(level.slice(from, from + size));
    level = grouped;
  }
  return level;
}

function concat(model: ServedModel, port: RowPort, parts: readonly Values[]): Values {
  const size = parts[0]?.length ?? 0;
  if (parts.some((part) => part.length !== size))
    throw outputsUnexpected({ model: model.artifact.name, seen: "rows of different sizes", wanted: "rows alike" });
  const all = createValues(port, size * parts.length);
  for (const [row, part] of parts.entries()) {
    if (Array.isArray(all)) for (let at = 0; at < size; at++) all[row * size + at] = part[at] as string;
    else all.set(part as never, row * size);
  }
  return all;
}

/** A whole number of at least 0, as shapes have. */
export function readShape(value: unknown, path: string): number[] {
  const isShape = Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
  if (isShape && value.length <= mostAxes) return value as number[];
  throw inputInvalid({ path, seen: show(value), wanted: "a list of whole numbers" });
}
