import { readFile } from "../../http/multipart/read-file.ts";
import { replyMark, type Reply } from "../../project/route.ts";
import type { HandledRoute, ModelRoute, Prediction, Route } from "../../project/types.ts";
import { adoptError } from "../adopt.ts";
import { createAskHandler, type AskRoute } from "../ask.ts";
import { inputInvalid, outputThrew } from "../errors.ts";
import { toHandle } from "../handle.ts";
import { readImage } from "../inputs/image.ts";
import { mostTextBytes, readColumns, readJson, readObject, readText } from "../inputs/json.ts";
import { describeJson } from "../pages/describe.ts";
import { examplePrediction } from "../prediction.ts";
import type { BodyDescription, Operation, Protocol, Service } from "../service.ts";
import { createTaskHandler, type Answer, type Call } from "../task.ts";

/** The project's own routes: one image in a form, a text or columns in JSON, or whatever its own code takes. */
export const routes: Protocol = {
  name: "routes",
  register(table, service) {
    for (const listed of listRoutes(service)) {
      const { method, path, key, route } = listed;
      if (route.handle !== undefined) {
        const maxBytes = route.input === undefined ? 0 : service.limits.maxBodyBytes;
        const run = (call: Call): Promise<Answer> => runHandle(key, route, call, service);
        table.add(method, path, createTaskHandler(service, { protocol: "routes", maxBytes, run }));
      } else if (isColumns(route)) {
        const run = (call: Call): Promise<Answer> => answerColumns(key, route, call);
        table.add(method, path, createTaskHandler(service, { protocol: "routes", run }));
      } else {
        const [[field, { kind }] = ["", { kind: "image" }]] = Object.entries(route.input);
        const toJson = (prediction: Prediction): string | Promise<string> => writeOutput(key, route, prediction);
        const read = kind === "image" ? readUpload(field, service) : readMember(field);
        table.add(method, path, createAskHandler(service, { protocol: "routes", ...read, toJson }));
      }
    }
  },
  describe: (service) => listRoutes(service).map((listed) => describeRoute(service, listed)),
};

interface ListedRoute {
  key: string;
  method: string;
  path: string;
  route: Route;
}

function listRoutes({ project }: Service): ListedRoute[] {
  return Object.entries(project.serve?.routes ?? {}).map(([key, route]) => {
    const [method = "", path = ""] = key.split(" ");
    return { key, method, path, route };
  });
}

/** One image file in a form. */
export function readUpload(field: string, service: Service): Pick<AskRoute, "toRow"> {
  return {
    toRow(body, contentType, model, sent) {
      const file = readFile(body, contentType, field);
      return file instanceof Promise
        ? file.then((read) => readImage(read, model, service, sent))
        : readImage(file, model, service, sent);
    },
  };
}

/** One text among the members of a JSON body. */
export function readMember(field: string): Pick<AskRoute, "toRow" | "maxBytes"> {
  const wanted = `{"${field}":"…"}`;
  return {
    maxBytes: mostTextBytes,
    toRow: (body, _contentType, model) => readText(readObject(body, wanted)[field], field, model),
  };
}

async function answerColumns(key: string, route: ModelRoute, call: Call): Promise<Answer> {
  const { model } = call;
  const names = model.face.input.kind === "features" ? model.face.input.names : [];
  const body = readJson(call.body, `{"${names[0] ?? "column"}":0,…}`);
  const isList = Array.isArray(body) && body.every((row) => typeof row === "object");
  const rows = isList ? (body as unknown[]) : [body];
  const read = rows.map((row, index) => readColumns(row, isList ? `[${index}]` : "", model, names));
  const results = await model.askAll(read, () => call.hasLeft());
  const written = await Promise.all(results.map(async (result) => writeOutput(key, route, model.read(result, {}))));
  return { body: isList ? `[${written.join(",")}]` : written[0]! };
}

async function runHandle(key: string, route: HandledRoute, call: Call, service: Service): Promise<Answer> {
  const { request } = call;
  const input = route.input === undefined ? undefined : readInput(route.input, call.body);
  const url = request.url ?? "";
  const at = url.indexOf("?");
  const context = {
    input: input as never,
    query: new URLSearchParams(at < 0 ? "" : url.slice(at)),
    headers: request.headers,
    client: clientOf(request),
    get model() {
      return toHandle(call.model, service, () => call.hasLeft());
    },
  };
  try {
    return toAnswer(await route.handle(context));
  } catch (error) {
    return refuse(key, error);
  }
}

function readInput({ check }: { check?: (value: unknown) => unknown }, body: Buffer): unknown {
  const value = readJson(body, "JSON");
  if (check === undefined) return value;
  try {
    return check(value);
  } catch (error) {
    // The project's own check is what knows what is wanted; its words go to the caller.
    const known = adoptError(error);
    if (known !== undefined) throw known;
    const seen = error instanceof Error ? error.message.slice(0, 500) : "refused";
    throw inputInvalid(
      { path: "the body", seen: `not as it should be: ${seen}`, wanted: "what /docs says" },
      { cause: error },
    );
  }
}

/** The address that the nearest proxy met, or the connection's own. */
function clientOf({ headers, socket }: Call["request"]): string {
  const forwarded = headers["x-forwarded-for"];
  const last = (Array.isArray(forwarded) ? forwarded.at(-1) : forwarded)?.split(",").at(-1)?.trim();
  return last === undefined || last === "" ? (socket.remoteAddress ?? "").replace(/^::ffff:/, "") : last;
}

function toAnswer(value: unknown): Answer {
  if (typeof value !== "object" || value === null || !(replyMark in value)) return { body: write(value) };
  const { status = 200, headers = {}, body } = value as unknown as Reply;
  const entries = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text] as const);
  const type = entries.find(([name]) => name === "content-type")?.[1];
  return {
    status,
    type: type ?? (typeof body === "string" ? "text/plain; charset=utf-8" : "application/json; charset=utf-8"),
    body: typeof body === "string" ? body : write(body),
    headers: entries.filter(([name]) => name !== "content-type" && name !== "content-length").flat(),
  };
}

function writeOutput(key: string, { output }: ModelRoute, prediction: Prediction): string | Promise<string> {
  if (output === undefined) return JSON.stringify(prediction);
  try {
    const value = output(prediction);
    // `output` may return a promise; waiting for what is none would cost every request a turn.
    if (value instanceof Promise) return value.then(write).catch((error: unknown) => refuse(key, error));
    return write(value);
  } catch (error) {
    return refuse(key, error);
  }
}

/** An error of the catalogue that the project throws on purpose keeps its status. */
function refuse(key: string, error: unknown): never {
  throw adoptError(error) ?? outputThrew({ route: key, wanted: "a value" }, { cause: error });
}

/** `undefined` and functions have no JSON; null says that honestly. */
function write(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

function isColumns(route: ModelRoute): boolean {
  return (route.input as { kind?: unknown }).kind === "columns";
}

function describeRoute(service: Service, { method, path, route }: ListedRoute): Operation {
  const example = route.example ?? (route.handle === undefined ? exampleOf(service, route) : undefined);
  const answer = describeJson(example);
  const { name } = service.project;
  if (route.handle !== undefined)
    return {
      method,
      path,
      summary: route.summary ?? `Asks ${name}`,
      answer,
      ...(route.query !== undefined && { query: route.query }),
      ...(route.input !== undefined && { body: { contentType: "application/json", schema: {} } }),
    };
  const [[field, { kind }] = ["", { kind: "image" }]] = Object.entries(route.input as Record<string, { kind: string }>);
  if (isColumns(route))
    return {
      method,
      path,
      summary: route.summary ?? `Asks ${name} about columns`,
      body: describeColumns(service),
      answer,
    };
  return kind === "image"
    ? { method, path, field, summary: route.summary ?? `Asks ${name} about one image`, answer }
    : { method, path, summary: route.summary ?? `Asks ${name} about a text`, body: describeText(field), answer };
}

export function describeText(field: string): BodyDescription {
  const schema = { type: "object", required: [field], properties: { [field]: { type: "string" } } };
  return { contentType: "application/json", schema, example: { [field]: "Hello" } };
}

export function describeColumns({ host }: Service): BodyDescription {
  const input = host?.current.face.input;
  const names = input?.kind === "features" ? input.names : [];
  const properties = Object.fromEntries(names.map((name) => [name, { type: "number" }]));
  return {
    contentType: "application/json",
    schema: { type: "object", required: names, properties, additionalProperties: false },
    example: Object.fromEntries(names.map((name) => [name, 0])),
  };
}

/** What the route answers, tried with the first label: the only way to know what the project's function makes of a prediction. */
function exampleOf({ host }: Service, route: ModelRoute): unknown {
  if (host === undefined) return undefined;
  const { artifact, face } = host.current;
  const prediction = examplePrediction(artifact.name, face.output);
  if (route.output === undefined) return JSON.parse(JSON.stringify(prediction));
  try {
    const value = route.output(prediction);
    return value instanceof Promise ? undefined : (JSON.parse(write(value)) as unknown);
  } catch {
    // It needs more than an example can give; the description then says "any JSON".
    return undefined;
  }
}
