/** @file Seldon Core's protocol, v0.1 and v1: the paths of its ingress, and those of a component behind its executor. */
import type { SlipwayError } from "../../../base/errors.ts";
import { isObject } from "../../../base/json.ts";
import { inputInvalid, jsonMalformed, notImplemented } from "../../errors.ts";
import { readObject } from "../../inputs/json.ts";
import { show } from "../../inputs/row.ts";
import { modelNameOf } from "../../names.ts";
import { createDescriber } from "../../pages/describe.ts";
import { inferSchema } from "../../pages/infer-schema.ts";
import type { ErrorShape, Operation, Protocol, Service } from "../../service.ts";
import { createTaskHandler, toAnswer, type Answer, type Call } from "../../task.ts";
import { canAnswer, exampleInstance } from "../v1.ts";
import { readMessage, writeMeta } from "./message.ts";
import { predict } from "./predict.ts";

const group = "Seldon v0.1 and v1";

/** `{"status":{"status":"FAILURE",…}}`, which every client of Seldon's reads. */
export const asFailure: ErrorShape = (error: SlipwayError) => ({
  type: "application/json",
  body: JSON.stringify({
    status: { status: "FAILURE", code: error.status, info: error.message, reason: reasonOf(error) },
    meta: {},
  }),
});

function reasonOf({ status }: SlipwayError): string {
  if (status === 501) return "MICROSERVICE_NOT_IMPLEMENTED";
  return status >= 500 ? "MICROSERVICE_INTERNAL_ERROR" : "MICROSERVICE_BAD_DATA";
}

/** Before each: nothing, `/seldon/<name>` or `/seldon/<namespace>/<name>`, as ingresses hand it on. */
const prefixes = ["", "/seldon/:deployment", "/seldon/:namespace/:deployment"];
const versions = ["v0.1", "v1.0"];
const componentPaths = ["/transform-input", "/transform-output", "/route", "/aggregate", "/send-feedback"];
const ownPaths = new Set(["/predict", "/metadata", "/health/ping", "/health/status", ...componentPaths]);

export const seldon: Protocol = {
  name: "seldon",
  errors: {
    owns: (path) => /^\/(?:seldon\/|api\/v(?:0\.1|1\.0)\/)/.test(path) || componentPaths.includes(path),
    shape: asFailure,
  },
  register(table, service) {
    if (!canAnswer(service)) return;
    const taken = listOwnPaths(service);
    const post = (path: string, run: (call: Call, body: Record<string, unknown>) => object | Promise<object>): void =>
      table.add(
        "POST",
        path,
        createTaskHandler(service, {
          protocol: "seldon",
          errors: asFailure,
          run: async (call) => toAnswer(await run(call, readBody(call))),
        }),
      );
    const get = (path: string, run: () => Answer): void =>
      table.add("GET", path, createTaskHandler(service, { protocol: "seldon", maxBytes: 0, errors: asFailure, run }));
    const ask = (call: Call, body: Record<string, unknown>): Promise<object> => predict(call, body, service);
    const feedback = (_call: Call, body: Record<string, unknown>): object => takeFeedback(body, service);
    for (const prefix of prefixes) {
      for (const version of versions) {
        post(`${prefix}/api/${version}/predictions`, ask);
        post(`${prefix}/api/${version}/feedback`, feedback);
        get(`${prefix}/api/${version}/metadata`, () => toAnswer(describeModel(service)));
        get(`${prefix}/api/${version}/health/status`, () => toHealth(service));
      }
      get(`${prefix}/api/v1.0/metadata/:model`, () => toAnswer(describeModel(service)));
    }
    // A component's paths are short ones that a project may well have itself: then they are the project's.
    const free = (path: string): boolean => !taken.has(path);
    if (free("/predict")) post("/predict", ask);
    for (const path of ["/transform-input", "/transform-output"])
      if (free(path)) post(path, (_call, body) => pass(body, service));
    if (free("/send-feedback")) post("/send-feedback", feedback);
    if (free("/route")) post("/route", () => refuse("routing: this component is a model"));
    if (free("/aggregate")) post("/aggregate", () => refuse("aggregating: this component is a model"));
    if (free("/metadata")) get("/metadata", () => toAnswer(describeModel(service)));
    if (free("/health/ping")) get("/health/ping", () => ({ type: "text/plain; charset=utf-8", body: "pong" }));
    if (free("/health/status")) get("/health/status", () => toHealth(service));
  },
  describe: (service) => (canAnswer(service) ? listOperations(service) : []),
};

/** JSON, or a form with it in the field `json`, as Seldon's own client sends it. */
function readBody({ body, request }: Call): Record<string, unknown> {
  const type = request.headers["content-type"] ?? "";
  const wanted = `{"data":{"ndarray":[[…]]}}`;
  if (!/^application\/x-www-form-urlencoded\b/i.test(type) || body[0] === openingBrace) return readObject(body, wanted);
  const json = new URLSearchParams(body.toString("utf8")).get("json");
  if (json === null) throw jsonMalformed({ why: "the form has no field json", wanted });
  return readObject(Buffer.from(json), wanted);
}

/** curl says that its body is a form unless it is told otherwise. */
const openingBrace = 0x7b;

/** A model does not change what passes before and after it. */
function pass(body: Record<string, unknown>, service: Service): object {
  const { meta } = readMessage(body);
  const { meta: _own, status: _status, ...content } = body;
  return { meta: writeMeta(meta, { name: modelNameOf(service), version: versionOf(service) }), ...content };
}

function takeFeedback({ request, reward = 0, truth }: Record<string, unknown>, service: Service): object {
  if (typeof reward !== "number") throw inputInvalid({ path: "reward", seen: show(reward), wanted: "a number" });
  for (const [path, message] of [
    ["request", request],
    ["truth", truth],
  ] as const)
    if (message !== undefined && !isObject(message))
      throw inputInvalid({ path, seen: show(message), wanted: "a message" });
  const name = service.host?.current.artifact.name ?? service.project.name;
  service.metrics.countFeedback({ model: name, version: versionOf(service) }, reward);
  return { meta: {} };
}

function refuse(what: string): never {
  throw notImplemented({ what, wanted: "/predict" });
}

function toHealth(service: Service): Answer {
  const ready = service.isReady();
  return { ...toAnswer({ meta: {}, strData: ready ? "healthy" : "not ready" }), status: ready ? 200 : 503 };
}

/** Seldon's own metadata: kind of message, names and shape. */
function describeModel(service: Service): object {
  const name = modelNameOf(service);
  const model = service.host?.current;
  if (model === undefined) return { name, versions: [], platform: "", inputs: [], outputs: [], custom: {} };
  const { inputs, outputs } = model.artifact.signature;
  const describe = ({ name: tensor, shape, content }: (typeof inputs)[number]): object => ({
    messagetype: content?.kind === "text" ? "strData" : content?.kind === "image" ? "binData" : "tensor",
    schema: {
      names:
        content?.kind === "features" ? content.names : content?.kind === "probabilities" ? content.labels : [tensor],
      shape: shape.slice(1),
    },
  });
  return {
    name,
    versions: [model.version],
    platform: "slipway",
    inputs: inputs.map(describe),
    outputs: outputs.map(describe),
    custom: {},
  };
}

function versionOf({ host }: Service): string {
  return host?.current.version ?? "";
}

/** Paths that the project answers itself. */
function listOwnPaths({ project }: Service): Set<string | undefined> {
  return new Set(Object.keys(project.serve?.routes ?? {}).map((key) => key.split(" ")[1]));
}

const failure = {
  contentType: "application/json",
  schema: inferSchema({
    status: { status: "FAILURE", code: 400, info: "", reason: "MICROSERVICE_BAD_DATA" },
    meta: {},
  }),
};

function listOperations(service: Service): Operation[] {
  const { host } = service;
  const instance = exampleInstance(service);
  const isImage = host?.current.face.input.kind === "image";
  const request = isImage
    ? { binData: "…" }
    : { data: { names: [], ndarray: [Array.isArray(instance) ? instance : [instance]] } };
  const output = host?.current.face.output;
  const labels = output?.kind === "probabilities" ? output.labels : ["t:0"];
  const response = {
    meta: { puid: "…" },
    data: { names: labels, ndarray: [labels.map((_, index) => (index === 0 ? 1 : 0))] },
  };
  const taken = listOwnPaths(service);
  const operation = createDescriber({ group, errors: failure });
  const meta = { meta: {} };
  const feedback = { request, response, reward: 1 };
  const all = [
    ...versions.flatMap((version) => [
      operation(
        "POST",
        `/api/${version}/predictions`,
        "A prediction, in the kind of the question; also below /seldon/<name> and /seldon/<namespace>/<name>",
        response,
        request,
      ),
      operation("POST", `/api/${version}/feedback`, "A reward for a prediction", meta, feedback),
      operation("GET", `/api/${version}/metadata`, "The model", describeModel(service)),
    ]),
    operation("POST", "/predict", "A prediction, as a component answers its executor", response, request),
    operation("POST", "/transform-input", "Passes the message on as it is", request, request),
    operation("POST", "/transform-output", "Passes the message on as it is", request, request),
    operation("POST", "/route", "501: a model does not route", undefined, request),
    operation("POST", "/aggregate", "501: a model does not aggregate", undefined, { seldonMessages: [request] }),
    operation("POST", "/send-feedback", "A reward for a prediction", meta, feedback),
    operation("GET", "/metadata", "The model", describeModel(service)),
    operation("GET", "/health/status", "Callers are welcome", { meta: {}, strData: "healthy" }),
    {
      ...operation("GET", "/health/ping", "The process is alive", "pong"),
      answer: { contentType: "text/plain", schema: { type: "string" }, example: "pong" },
    },
  ];
  return all.filter(({ path }) => !ownPaths.has(path) || !taken.has(path));
}
