import { inputInvalid } from "../../errors.ts";
import { readImage } from "../../inputs/image.ts";
import { decodeBase64, readInstance } from "../../instances.ts";
import { show } from "../../inputs/row.ts";
import type { ServedModel } from "../../model.ts";
import { modelNameOf } from "../../names.ts";
import type { Sent } from "../../prediction.ts";
import type { Row } from "../../runtime/ports.ts";
import type { Service } from "../../service.ts";
import { predictRows } from "../../table.ts";
import type { Call } from "../../task.ts";
import { flatten, toNested } from "../../tensors.ts";
import { readMessage, writeMeta, writeRows, type Message, type Payload } from "./message.ts";

/** A SeldonMessage in, one out. */
export async function predict(call: Call, body: Record<string, unknown>, service: Service): Promise<object> {
  const { payload, meta }: Message = readMessage(body);
  const own = service.project.serve?.predict;
  if (service.host === undefined && own !== undefined) {
    if (!("rows" in payload))
      throw inputInvalid({ path: payload.kind, seen: "no rows", wanted: "data with tensor or ndarray" });
    const { names, rows } = await predictRows(own, { names: payload.names, rows: payload.rows });
    return { meta: writeMeta(meta, { name: service.project.name, version: "" }), ...writeRows(payload, names, rows) };
  }
  const { model } = call;
  const about = writeMeta(meta, { name: modelNameOf(service), version: model.version });
  const asked = listInstances(payload, model);
  const sent = asked.map((): Sent => ({}));
  const rows = await Promise.all(
    asked.map(async ({ value, path }, index) =>
      payload.kind === "binData" && model.face.input.kind === "image"
        ? readImage(decodeBase64(payload.base64, "binData"), model, service, sent[index]!)
        : readInstance(value, path, { model, service, sent: sent[index]! }),
    ),
  );
  const results = await model.askAll(rows, () => call.hasLeft());
  const { output } = model.face;
  if (output.kind === "boxes")
    return { meta: about, jsonData: results.map((result, index) => model.read(result, sent[index]!)) };
  // Probabilities are checked to be numbers on the way.
  if (output.kind === "probabilities") for (const result of results) model.read(result, {});
  const { names, table } = toTable(model, results);
  return { meta: about, ...writeRows(payload, names, table) };
}

function listInstances(payload: Payload, model: ServedModel): { value: unknown; path: string }[] {
  if (payload.kind === "strData") return [{ value: payload.text, path: "strData" }];
  if (payload.kind === "binData") return [{ value: payload.base64, path: "binData" }];
  if (payload.kind === "jsonData") {
    const { value } = payload;
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    return list.map((one, index) => ({ value: one, path: Array.isArray(value) ? `jsonData[${index}]` : "jsonData" }));
  }
  const { input } = model.face;
  const base = payload.kind === "tensor" ? "data.tensor" : "data.ndarray";
  // `["Hi","Bye"]` is two texts; a list of numbers is one row.
  if (input.kind === "text" && payload.flat)
    return payload.rows[0]!.map((value, index) => ({ value, path: `${base}[${index}]` }));
  const order = input.kind === "features" ? orderOf(payload.names, input.names) : undefined;
  return payload.rows.map((row, index) => {
    const path = `${base}[${index}]`;
    if (order !== undefined && row.length !== order.length)
      throw inputInvalid({ path, seen: show(row), wanted: `${order.length} numbers` });
    return { value: order?.map((at) => row[at]) ?? row, path };
  });
}

/** Where each of the model's columns is in the rows: by name where the caller names the same columns, else as they come. */
function orderOf(given: readonly string[], wanted: readonly string[]): number[] {
  const isSame = given.length === wanted.length && wanted.every((name) => given.includes(name));
  return wanted.map((name, index) => (isSame ? given.indexOf(name) : index));
}

/** The first output as a table: one row a question, its values side by side. */
function toTable(model: ServedModel, results: readonly Row[]): { names: string[]; table: unknown[][] } {
  const { output } = model.face;
  const index = output.kind === "tensors" ? 0 : output.index;
  const table = results.map((result) => flatten([toNested(model, result, index)], "the answer").flat);
  const names = output.kind === "probabilities" ? [...output.labels] : (table[0]?.map((_, at) => `t:${at}`) ?? []);
  return { names, table };
}
