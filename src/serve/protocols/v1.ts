/** @file KServe's V1 protocol, which is TensorFlow Serving's: kserve.github.io/website, v1-protocol. */
import { isObject } from "../../base/json.ts";
import type { Prediction } from "../../project/types.ts";
import { inputInvalid, notImplemented } from "../errors.ts";
import { methodNotAllowed } from "../../http/errors.ts";
import { readObject } from "../inputs/json.ts";
import { show } from "../inputs/row.ts";
import { readInstance } from "../instances.ts";
import type { ServedModel } from "../model.ts";
import { checkModelName, modelNameOf, pathParts } from "../names.ts";
import { createDescriber } from "../pages/describe.ts";
import { examplePrediction, type Sent } from "../prediction.ts";
import type { Row } from "../runtime/ports.ts";
import type { Operation, Protocol, Service } from "../service.ts";
import { predictRows, type Table } from "../table.ts";
import { createTaskHandler, toAnswer, type Answer, type Call } from "../task.ts";
import { toNested } from "../tensors.ts";
import { asErrorMember, errorMember } from "./v2.ts";

const group = "KServe V1";

export const v1: Protocol = {
  name: "v1",
  errors: { owns: (path) => path.startsWith("/v1/"), shape: asErrorMember },
  register(table, service) {
    if (!canAnswer(service)) return;
    const task = { protocol: "v1", errors: asErrorMember };
    const get = (path: string, run: (call: Call) => Answer): void =>
      table.add("GET", path, createTaskHandler(service, { ...task, maxBytes: 0, run }));
    get("/v1/models", () => toAnswer({ models: [modelNameOf(service)] }));
    get("/v1/models/:model", ({ request }) => {
      const [, , name = ""] = pathParts(request.url!);
      if (/:(predict|explain)$/.test(name))
        throw methodNotAllowed({ method: "GET", path: request.url!, allow: "POST", wanted: "POST" });
      checkModelName(name, service);
      const ready = service.isReady();
      return { ...toAnswer({ name, ready }), status: ready ? 200 : 503 };
    });
    const run = async (call: Call): Promise<Answer> => {
      const [, , last = ""] = pathParts(call.request.url!);
      const colon = last.lastIndexOf(":");
      const name = colon < 0 ? last : last.slice(0, colon);
      checkModelName(name, service);
      if (last.slice(colon) !== ":predict")
        throw notImplemented({
          what: colon < 0 ? "POST without a verb" : last.slice(colon),
          wanted: `/v1/models/${name}:predict`,
        });
      return toAnswer({ predictions: await predict(call, service) });
    };
    table.add("POST", "/v1/models/:call", createTaskHandler(service, { ...task, run }));
  },
  describe: (service) => (canAnswer(service) ? listOperations(service) : []),
};

export function canAnswer({ host, project }: Service): boolean {
  return host !== undefined || project.serve?.predict !== undefined;
}

async function predict(call: Call, service: Service): Promise<unknown[]> {
  const { instances, path } = readInstances(call.body, service);
  const own = service.project.serve?.predict;
  if (service.host === undefined && own !== undefined) {
    const isTable = instances.every((one) => Array.isArray(one));
    const table: Table = { names: [], rows: isTable ? (instances as unknown[][]) : instances.map((one) => [one]) };
    const { rows } = await predictRows(own, table);
    return isTable ? rows.map((row) => [...row]) : rows.map((row) => (row.length === 1 ? row[0] : row));
  }
  const { model } = call;
  const sent = instances.map((): Sent => ({}));
  const rows = await Promise.all(
    instances.map(async (one, index) => readInstance(one, `${path}[${index}]`, { model, service, sent: sent[index]! })),
  );
  const results = await model.askAll(rows, () => call.hasLeft());
  return results.map((result, index) => toPrediction(model, result, model.read(result, sent[index]!)));
}

/** `instances` is a list of rows. `inputs` is the same, or lists of columns by the inputs' names. */
function readInstances(body: Buffer, { host }: Service): { instances: unknown[]; path: string } {
  const request = readObject(body, `{"instances":[…]}`);
  const path = request["instances"] === undefined && request["inputs"] !== undefined ? "inputs" : "instances";
  const given = request[path];
  const instances = path === "inputs" && isObject(given) && host !== undefined ? turn(given, path) : given;
  if (!Array.isArray(instances) || instances.length === 0)
    throw inputInvalid({ path, seen: show(instances), wanted: "a list of at least one instance" });
  return { instances, path };
}

function turn(columns: Record<string, unknown>, path: string): unknown[] {
  const entries = Object.entries(columns);
  const rows = Array.isArray(entries[0]?.[1]) ? entries[0][1].length : 0;
  for (const [name, values] of entries)
    if (!Array.isArray(values) || values.length !== rows)
      throw inputInvalid({ path: `${path}.${name}`, seen: show(values), wanted: `a list of ${rows} rows` });
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(entries.map(([name, values]) => [name, (values as unknown[])[row]])),
  );
}

/** A label where there are labels, as scikit-learn's `predict`; boxes with what they are; else the outputs. */
function toPrediction(model: ServedModel, result: Row, prediction: Prediction): unknown {
  const { output } = model.face;
  if (output.kind === "probabilities") return prediction.label;
  if (output.kind === "boxes") return prediction;
  const { outputs } = model.ports;
  if (outputs.length === 1) return toNested(model, result, 0);
  return Object.fromEntries(outputs.map(({ name }, index) => [name, toNested(model, result, index)]));
}

function listOperations(service: Service): Operation[] {
  const name = modelNameOf(service);
  const request = { instances: [exampleInstance(service)] };
  const response = { predictions: [exampleAnswer(service)] };
  const operation = createDescriber({ group, errors: errorMember });
  return [
    operation("POST", `/v1/models/${name}:predict`, "A prediction for each instance", response, request),
    operation("GET", `/v1/models/${name}`, "Whether the model answers", { name, ready: true }),
    operation("GET", "/v1/models", "The model's name", { models: [name] }),
  ];
}

export function exampleInstance({ host }: Service): unknown {
  const input = host?.current.face.input;
  if (input?.kind === "text") return "Hello";
  if (input?.kind === "image") return { b64: "…" };
  return input?.kind === "features" ? input.names.map(() => 0) : [0];
}

function exampleAnswer({ host }: Service): unknown {
  if (host === undefined) return [0];
  const { face, artifact } = host.current;
  const prediction = examplePrediction(artifact.name, face.output);
  if (face.output.kind === "probabilities") return prediction.label;
  return face.output.kind === "boxes" ? (JSON.parse(JSON.stringify(prediction)) as unknown) : [0];
}
