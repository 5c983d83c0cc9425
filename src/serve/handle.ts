/** @file The model as a project's own code sees it. */
import { parseReference } from "../artifact/reference.ts";
import type { ModelHandle, ModelRow, Prediction } from "../project/types.ts";
import { inputInvalid } from "./errors.ts";
import { requireHost } from "./host.ts";
import { readImage } from "./inputs/image.ts";
import { readColumns, readText } from "./inputs/json.ts";
import { show, toNumbers, toRow } from "./inputs/row.ts";
import type { ServedModel } from "./model.ts";
import type { Sent } from "./prediction.ts";
import { sizeOf, type Row } from "./runtime/ports.ts";
import type { Service } from "./service.ts";

/** `hasLeft` says that nobody waits for the answers any more. */
export function toHandle(model: ServedModel, service: Service, hasLeft: () => boolean): ModelHandle {
  const { artifact } = model;
  const host = requireHost(service);
  const reference = parseReference(host.reference);
  async function predict(row: ModelRow): Promise<Prediction>;
  async function predict(rows: readonly ModelRow[]): Promise<Prediction[]>;
  async function predict(given: ModelRow | readonly ModelRow[]): Promise<Prediction | Prediction[]> {
    if (!isList(given)) return (await askAll([given]))[0]!;
    return askAll(given);
  }
  async function askAll(rows: readonly ModelRow[]): Promise<Prediction[]> {
    const sent = rows.map((): Sent => ({}));
    const read = await Promise.all(rows.map(async (row, index) => readRow(row, model, service, sent[index]!)));
    const results = await model.askAll(read, hasLeft);
    return results.map((result, index) => model.read(result, sent[index]!));
  }
  return {
    name: artifact.name,
    digest: artifact.digest,
    alias: reference.kind === "alias" ? reference.alias : undefined,
    source: host.origin,
    sample: artifact.lineage.dataset.sample === true,
    metrics: artifact.lineage.metrics,
    predict,
  };
}

/** A list of numbers is one row; any other list is of rows. */
function isList(given: ModelRow | readonly ModelRow[]): given is readonly ModelRow[] {
  return Array.isArray(given) && typeof given[0] !== "number";
}

/** A row by what the model takes. Throws `inputInvalid`. */
export function readRow(row: unknown, model: ServedModel, service: Service, sent: Sent): Row | Promise<Row> {
  const { input } = model.face;
  if (input.kind === "text") return readText(row, "the row", model);
  if (input.kind === "features") return readColumns(row, "", model, input.names);
  if (input.kind === "image") {
    if (row instanceof Uint8Array) return readImage(row, model, service, sent);
    throw inputInvalid({ path: "the row", seen: show(row), wanted: "the bytes of an image file" });
  }
  const [port, ...more] = model.ports.inputs;
  if (
    port === undefined ||
    more.length > 0 ||
    port.shape.includes(-1) ||
    !Array.isArray(row) ||
    row.length !== sizeOf(port)
  )
    throw inputInvalid({
      path: "the row",
      seen: show(row),
      wanted: `what ${model.artifact.name} takes, by a protocol for tensors`,
    });
  return toRow(
    model,
    toNumbers(port, row as unknown[], (index) => `the row[${index}]`),
  );
}
