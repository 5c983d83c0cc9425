/** @file Open Inference Protocol v2 over REST: github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md. */
import type { IncomingMessage } from "node:http";
import { isObject } from "../../base/json.ts";
import type { TensorSignature } from "../../model/signature.ts";
import { readServerVersion } from "../version.ts";
import { inputInvalid, notImplemented } from "../errors.ts";
import { readObject } from "../inputs/json.ts";
import { show } from "../inputs/row.ts";
import type { ServedModel } from "../model.ts";
import { checkModelName, checkVersion, modelNameOf, pathParts } from "../names.ts";
import { createDescriber } from "../pages/describe.ts";
import type { Tensor } from "../runtime/ports.ts";
import type { ErrorShape, Operation, Protocol, Service } from "../service.ts";
import { createTaskHandler, toAnswer, type Answer, type Call } from "../task.ts";
import { checkShape, flatten, joinResults, readShape, splitTensors, toValues } from "../tensors.ts";
import { toJsonValues } from "../values.ts";

const group = "Open Inference Protocol v2";

/** `{"error": "…"}`, as the protocol says. */
export const asErrorMember: ErrorShape = ({ message }) => ({
  type: "application/json",
  body: JSON.stringify({ error: message }),
});

export const errorMember = {
  contentType: "application/json",
  schema: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
};

export const v2: Protocol = {
  name: "v2",
  errors: { owns: (path) => path === "/v2" || path.startsWith("/v2/"), shape: asErrorMember },
  register(table, service) {
    if (service.host === undefined) return;
    const get = (path: string, run: (call: Call) => Answer): void =>
      table.add("GET", path, createTaskHandler(service, { protocol: "v2", maxBytes: 0, run, errors: asErrorMember }));
    get("/v2", () => toAnswer({ name: "slipway", version: readServerVersion(), extensions: [] }));
    get("/v2/", () => toAnswer({ name: "slipway", version: readServerVersion(), extensions: [] }));
    get("/v2/health/live", () => toAnswer({ live: true }));
    get("/v2/health/ready", () => toReadiness(service, { ready: service.isReady() }));
    get("/v2/models", () => toAnswer({ models: [modelNameOf(service)] }));
    for (const path of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
      get(path, (call) => toAnswer(describeModel(readName(call, service), call.model)));
      get(`${path}/ready`, (call) => {
        const name = readName(call, service);
        return toReadiness(service, { name, ready: service.isReady() });
      });
      const run = (call: Call): Promise<Answer> => infer(call, service);
      table.add("POST", `${path}/infer`, createTaskHandler(service, { protocol: "v2", run, errors: asErrorMember }));
    }
  },
  describe(service) {
    if (service.host === undefined) return [];
    return listOperations(service, service.host.current);
  },
};

/** Checks model and version in the path, and gives the model's name as it was asked for. */
function readName({ request, model }: Call, service: Service): string {
  const [, , name = "", , version] = pathParts(request.url!);
  checkModelName(name, service);
  if (isVersioned(request)) checkVersion(version ?? "", model);
  return name;
}

function isVersioned({ url = "" }: IncomingMessage): boolean {
  return pathParts(url)[3] === "versions";
}

function describeModel(name: string, { artifact, version }: ServedModel): object {
  const list = (tensors: readonly TensorSignature[]): object[] =>
    tensors.map(({ name: tensor, datatype, shape }) => ({ name: tensor, datatype, shape }));
  const { inputs, outputs } = artifact.signature;
  return { name, versions: [version], platform: "onnxruntime_onnx", inputs: list(inputs), outputs: list(outputs) };
}

async function infer(call: Call, service: Service): Promise<Answer> {
  if (call.request.headers["inference-header-content-length"] !== undefined)
    throw notImplemented({ what: "the binary tensor extension", wanted: "tensors as JSON (binary_data: false)" });
  const name = readName(call, service);
  const { model } = call;
  const body = readObject(call.body, `{"inputs":[{"name":"…","shape":[…],"datatype":"…","data":[…]}]}`);
  const id = readId(body["id"]);
  const wanted = readOutputs(body["outputs"], model);
  const tensors = readInputs(body["inputs"], model);
  const rows = splitTensors(model, tensors);
  const results = await model.askAll(rows, () => call.hasLeft());
  const joined = joinResults(model, results);
  const outputs = wanted.map((index) => {
    const { name: output, datatype } = model.ports.outputs[index]!;
    const { shape, data } = joined[index]!;
    return { name: output, datatype, shape, data: toJsonValues(datatype, data) };
  });
  return toAnswer({ model_name: name, model_version: model.version, ...(id !== undefined && { id }), outputs });
}

function readId(value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw inputInvalid({ path: "id", seen: show(value), wanted: "a text" });
}

/** Places of the outputs that are asked for, in their order; all without a list, or with an empty one. */
function readOutputs(value: unknown, { ports }: ServedModel): number[] {
  if (value === undefined || (Array.isArray(value) && value.length === 0))
    return ports.outputs.map((_, index) => index);
  if (!Array.isArray(value)) throw inputInvalid({ path: "outputs", seen: show(value), wanted: "a list" });
  return value.map((output: unknown, at) => {
    const name = isObject(output) ? output["name"] : undefined;
    const index = ports.outputs.findIndex((port) => port.name === name);
    if (index >= 0) return index;
    const wanted = ports.outputs.map((port) => port.name).join(", ");
    throw inputInvalid({ path: `outputs[${at}].name`, seen: show(name), wanted });
  });
}

function readInputs(value: unknown, model: ServedModel): Tensor[] {
  const { inputs } = model.ports;
  const names = inputs.map((port) => port.name).join(", ");
  if (!Array.isArray(value) || value.length === 0)
    throw inputInvalid({ path: "inputs", seen: show(value), wanted: `a list with ${names}` });
  const given = new Map<number, Tensor>();
  for (const [at, one] of (value as unknown[]).entries()) {
    const path = `inputs[${at}]`;
    if (!isObject(one)) throw inputInvalid({ path, seen: show(one), wanted: "an object" });
    const index = inputs.findIndex((port) => port.name === one["name"]);
    if (index < 0 || given.has(index))
      throw inputInvalid({ path: `${path}.name`, seen: show(one["name"]), wanted: `${names}, each once` });
    given.set(index, readTensor(one, index, path, model));
  }
  const missing = inputs.find((_, index) => !given.has(index));
  if (missing !== undefined) throw inputInvalid({ path: "inputs", seen: `without ${missing.name}`, wanted: names });
  const tensors = inputs.map((_, index) => given.get(index)!);
  const rows = tensors[0]!.shape[0];
  if (model.ports.batched && tensors.some(({ shape }) => shape[0] !== rows))
    throw inputInvalid({ path: "inputs", seen: "of different batch sizes", wanted: "as many rows in each" });
  return tensors;
}

function readTensor(tensor: Record<string, unknown>, index: number, path: string, model: ServedModel): Tensor {
  const port = model.ports.inputs[index]!;
  if (tensor["datatype"] !== port.datatype)
    throw inputInvalid({ path: `${path}.datatype`, seen: show(tensor["datatype"]), wanted: port.datatype });
  const shape = readShape(tensor["shape"], `${path}.shape`);
  checkShape(model, index, shape, `${path}.shape`);
  if (!Array.isArray(tensor["data"]))
    throw inputInvalid({ path: `${path}.data`, seen: show(tensor["data"]), wanted: "a list" });
  const { shape: nested, flat } = flatten(tensor["data"], `${path}.data`);
  const count = shape.reduce((all, size) => all * size, 1);
  const fits =
    nested.length === 1
      ? flat.length === count
      : nested.length === shape.length && nested.every((size, axis) => size === shape[axis]);
  if (!fits)
    throw inputInvalid({
      path: `${path}.data`,
      seen: `[${nested.join(", ")}]`,
      wanted: `${count} values, flat or as [${shape.join(", ")}]`,
    });
  return { shape, data: toValues(model, index, flat, `${path}.data`) };
}

function toReadiness(service: Service, body: object): Answer {
  return { ...toAnswer(body), status: service.isReady() ? 200 : 503 };
}

function listOperations(service: Service, model: ServedModel): Operation[] {
  const name = modelNameOf(service);
  const { inputs, outputs } = model.artifact.signature;
  const one = ({ name: tensor, datatype, shape }: TensorSignature): object => {
    const sizes = shape.map((size) => (size === -1 ? 1 : size));
    const count = Math.min(
      4,
      sizes.reduce((all, size) => all * size, 1),
    );
    const value = datatype === "BYTES" ? "Hello" : datatype === "BOOL" ? true : 0;
    return { name: tensor, datatype, shape: sizes, data: Array.from({ length: count }, () => value) };
  };
  const request = { inputs: inputs.map(one) };
  const response = { model_name: name, model_version: model.version, outputs: outputs.map(one) };
  const operation = createDescriber({ group, errors: errorMember });
  return [
    operation(
      "POST",
      `/v2/models/${name}/infer`,
      "Tensors in, tensors out; long tensors are cut short here",
      response,
      request,
    ),
    operation("GET", `/v2/models/${name}`, "The model's tensors", describeModel(name, model)),
    operation("GET", `/v2/models/${name}/ready`, "Whether the model answers", { name, ready: true }),
    operation("GET", "/v2/models", "The model's name", { models: [name] }),
    operation("GET", "/v2/health/live", "The process is alive", { live: true }),
    operation("GET", "/v2/health/ready", "Callers are welcome", { ready: true }),
    operation("GET", "/v2", "The server", { name: "slipway", version: readServerVersion(), extensions: [] }),
  ];
}
