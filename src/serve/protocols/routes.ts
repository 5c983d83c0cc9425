import type { Prediction, Route } from "../../project/types.ts";
import { findSlipwayError } from "../../base/errors.ts";
import { outputThrew } from "../errors.ts";
import { inferSchema } from "../pages/infer-schema.ts";
import type { Operation, Protocol, Service } from "../service.ts";
import { createUploadHandler } from "../upload.ts";

/** The project's own routes: one image in a form, the project's own JSON out. */
export const routes: Protocol = {
  name: "routes",
  register(table, service) {
    for (const { key, method, path, field, route } of listRoutes(service)) {
      const answer = (prediction: Prediction): string | Promise<string> => toJson(key, route, prediction);
      table.add(method, path, createUploadHandler(service, { protocol: "routes", field, toJson: answer }));
    }
  },
  describe: (service) =>
    listRoutes(service).map(({ key, method, path, field, route }) =>
      describeRoute(service, { key, method, path, field, route }),
    ),
};

interface ListedRoute {
  key: string;
  method: string;
  path: string;
  field: string;
  route: Route;
}

function listRoutes({ project }: Service): ListedRoute[] {
  return Object.entries(project.serve?.routes ?? {}).map(([key, route]) => {
    const [method = "", path = ""] = key.split(" ");
    const [field = "file"] = Object.keys(route.input);
    return { key, method, path, field, route };
  });
}

function toJson(key: string, route: Route, prediction: Prediction): string | Promise<string> {
  if (route.output === undefined) return JSON.stringify(prediction);
  const refuse = (error: unknown): never => {
    // An error of the catalogue that the project throws on purpose keeps its status.
    throw findSlipwayError(error) ?? outputThrew({ route: key, wanted: "a value" }, { cause: error });
  };
  try {
    const value = route.output(prediction);
    // `output` may return a promise; waiting for what is none would cost every request a turn.
    if (value instanceof Promise) return value.then(write).catch(refuse);
    return write(value);
  } catch (error) {
    return refuse(error);
  }
}

/** `undefined` and functions have no JSON; null says that honestly. */
function write(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

function describeRoute(service: Service, { method, path, field, route }: ListedRoute): Operation {
  const example = exampleOf(service, route);
  return {
    method,
    path,
    field,
    summary: `Asks ${service.project.name} about one image`,
    answer: {
      contentType: "application/json",
      schema: inferSchema(example),
      ...(example !== undefined && { example }),
    },
  };
}

/** What the route answers, tried with the first label: the only way to know what the project's function makes of a prediction. */
function exampleOf({ host }: Service, route: Route): unknown {
  const { labels } = host.current.classifier;
  const probabilities = Object.fromEntries(labels.map((label, index) => [label, index === 0 ? 1 : 0]));
  const prediction: Prediction = { label: labels[0] ?? "", probability: 1, probabilities };
  if (route.output === undefined) return prediction;
  try {
    const value = route.output(prediction);
    return value instanceof Promise ? undefined : (JSON.parse(write(value)) as unknown);
  } catch {
    // It needs more than an example can give; the description then says "any JSON".
    return undefined;
  }
}
