import * as z from "zod";
import { isObject } from "../base/json.ts";
import { findNearest } from "../base/nearest.ts";
import type { DataSource } from "../data/types.ts";
import type { Trainer } from "../train/types.ts";
import { findDeployConflicts } from "./deploy-conflicts.ts";
import type { Fault } from "./errors.ts";
import { fields, text, wanted, whole } from "./schema.ts";
import type { MetricGate, ProjectDefinition } from "./types.ts";
import { deploySchema } from "./validate-deploy.ts";

/**
 * All faults of a value that should be a project definition, in the order of the file; none for a valid one. Each names the
 * value seen and the value wanted; an unknown key names the nearest known one.
 */
export function findFaults(definition: unknown): Fault[] {
  const { error } = projectSchema.safeParse(definition);
  return [
    ...(error?.issues ?? []).flatMap((issue) => toFaults(issue, definition)),
    ...findMissingParts(definition),
    ...findDeployConflicts(isObject(definition) ? definition["deploy"] : undefined),
  ];
}

/** Data and a trainer go together; a project without them has routes. Told beside the faults of the fields themselves. */
function findMissingParts(definition: unknown): Fault[] {
  if (!isObject(definition)) return [];
  const { data, train, serve, audit } = definition;
  const missing = (path: string, what: string): Fault[] => [{ path, problem: `is missing, wanted ${what}` }];
  if (data === undefined && train === undefined) {
    const routes = isObject(serve) && isObject(serve["routes"]) ? Object.keys(serve["routes"]) : [];
    return routes.length > 0 || (isObject(serve) && typeof serve["predict"] === "function")
      ? []
      : missing("train", "a trainer, or routes under `serve` for a project without a model");
  }
  if (train === undefined) return missing("train", "a trainer for the data");
  if (isObject(audit) && audit["kind"] === "labels" && isObject(data) && data["kind"] === "coco")
    return [
      {
        path: "audit",
        problem: "is labelAudit(), which looks at images with one label each; wanted a function for images with boxes",
      },
    ];
  // The file of the weights is the data.
  if (isObject(train) && train["kind"] === "weights")
    return data === undefined
      ? []
      : [{ path: "data", problem: "is there, wanted none: weights({…}) names its file itself" }];
  return data === undefined ? missing("data", "the data to train on") : [];
}

const number = z.number(wanted("a number"));
const atLeastZero = z.number(wanted("a number of at least 0")).min(0, wanted("a number of at least 0"));
const action = z.custom<(...args: never[]) => unknown>((value) => typeof value === "function", wanted("a function"));

/** A function of the project's own, or what `labelAudit()` made and checked. */
const auditSchema = z.custom<unknown>(
  (value) => typeof value === "function" || (isObject(value) && value["kind"] === "labels"),
  wanted("a function or labelAudit()"),
);

const nameSchema = z
  .string(wanted(`a name such as "digits"`))
  .regex(
    /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/,
    wanted("lower-case letters and digits, with single . _ or - between them"),
  )
  .max(128, wanted("at most 128 characters"));

const imageFolderSchema = fields(
  {
    kind: z.literal("imageFolder", wanted(`a source made by imageFolder("data", …)`)),
    path: text,
    size: z.tuple([whole(1, 16_384), whole(1, 16_384)], wanted("[height, width] in pixels")),
    channels: z.literal([1, 3], wanted("1 (grey) or 3 (colour)")),
    otherSizes: z.literal(["refuse", "resize"], wanted(`"refuse" or "resize"`)),
  },
  `a data source, for example imageFolder("data", { size: [28, 28], channels: 1 })`,
);

/** The other sources are made and checked by their own makers. */
const otherSources: ReadonlySet<unknown> = new Set<Exclude<DataSource["kind"], "imageFolder">>([
  "idx",
  "coco",
  "jsonl",
  "csv",
  "rows",
]);

const dataSchema = z.unknown().superRefine((value, context) => {
  if (isObject(value) && otherSources.has(value["kind"])) return;
  for (const issue of imageFolderSchema.safeParse(value).error?.issues ?? []) context.issues.push(issue as never);
});

/** Trainers are made and checked by their own makers (`sequential`, `command`, …); here only that it is one. */
const trainerKinds: ReadonlySet<unknown> = new Set<Trainer["kind"]>([
  "sequential",
  "detector",
  "command",
  "naiveBayes",
  "logistic",
  "forest",
  "experiments",
  "weights",
]);
const trainerSchema = z.custom<object>(
  (value) => isObject(value) && trainerKinds.has(value["kind"]),
  wanted("a trainer, for example sequential({ layers: […], … }) or command({ command: […] })"),
);

const metricGateSchema = fields(
  {
    atLeast: number.optional(),
    atMost: number.optional(),
    notWorseThanChampionBy: atLeastZero.optional(),
    betterThanChampionBy: atLeastZero.optional(),
    better: z.literal(["higher", "lower"], wanted(`"higher" or "lower"`)).optional(),
  } satisfies Record<keyof MetricGate, z.ZodType>,
  "limits such as { atLeast: 0.98, notWorseThanChampionBy: 0.005 }",
).refine(
  ({ atLeast, atMost, notWorseThanChampionBy, betterThanChampionBy }) =>
    [atLeast, atMost, notWorseThanChampionBy, betterThanChampionBy].some((limit) => limit !== undefined),
  wanted("at least one limit"),
);

const fieldsSchema = z
  .record(
    z.string(),
    fields(
      { kind: z.literal(["image", "text"], wanted("image() or text()")) },
      "a field made by image() or text(), for example { file: image() }",
    ),
    wanted("fields such as { file: image() }"),
  )
  .refine((input) => Object.keys(input).length === 1, wanted("exactly one field, for example { file: image() }"));

const words = { summary: text.optional(), example: z.unknown().optional() };

const modelRouteSchema = fields(
  {
    ...words,
    input: z.custom<object>().superRefine((input, context) => {
      if (isBody(input, "columns")) return;
      const seen = isBody(input, "json")
        ? z.never(wanted("columns(), text() or image(), or a `handle` beside json()"))
        : fieldsSchema;
      for (const issue of seen.safeParse(input).error?.issues ?? [])
        context.addIssue({ ...issue, code: "custom", message: issue.message });
    }),
    output: action.optional(),
  },
  "a route such as { input: { file: image() } }",
);

const handledRouteSchema = fields(
  {
    ...words,
    input: z.custom<object>((input) => isBody(input, "json"), wanted("json()")).optional(),
    query: z.record(z.string(), text, wanted(`{ threshold: "a number from 0 to 1" }`)).optional(),
    handle: action,
  },
  'a route such as { handle: () => ({ status: "ok" }) }',
);

/** Which of the two a route is meant to be follows from `handle`; so the faults are told of that one alone. */
const routeSchema = z.custom<object>().superRefine((route, context) => {
  const schema = isObject(route) && "handle" in route ? handledRouteSchema : modelRouteSchema;
  for (const issue of schema.safeParse(route).error?.issues ?? []) context.addIssue(issue as never);
});

function isBody(input: unknown, kind: string): boolean {
  return isObject(input) && input["kind"] === kind;
}

/** The server's own paths: a project's route must not hide them. */
const reservedPaths = new Set([
  "/",
  "/docs",
  "/healthz",
  "/index",
  "/metrics",
  "/openapi.json",
  "/playground/predict",
  "/readyz",
  "/refresh",
]);

const routesSchema = z
  .record(
    z.string().regex(/^(?:GET|POST|PUT|PATCH|DELETE) \/\S*$/, wanted("METHOD /path, for example POST /predict")),
    routeSchema,
    wanted(`routes such as { "POST /predict": { input: { file: image() } } }`),
  )
  .superRefine((routes, context) => {
    for (const key of Object.keys(routes)) {
      const [method = "", path = ""] = key.split(" ");
      if (reservedPaths.has(path)) refuse(context, key, `a path that is not the server's own (${path} is)`);
      else if ((method === "GET" || method === "DELETE") && isObject(routes[key]) && "input" in routes[key])
        refuse(context, key, "a method that carries a body, for example POST");
    }
  });

const serveSchema = fields(
  {
    port: whole(0, 65_535).optional(),
    routes: routesSchema.optional(),
    batching: fields(
      { maxRows: whole(1, 4096).optional(), maxQueuedRows: whole(1, 1_048_576).optional() },
      "limits such as { maxRows: 32 }",
    ).optional(),
    auth: fields(
      {
        kind: z.literal("basic", wanted("basic()")),
        env: fields({ username: text, password: text }, `{ username: "USER", password: "PASSWORD" }`).optional(),
        folder: text.optional(),
        fallback: fields({ username: text, password: text }, `{ username: "ada", password: "…" }`).optional(),
      },
      "basic()",
    ).optional(),
    modelName: text.optional(),
    predict: action.optional(),
  },
  "settings such as { port: 5000 }",
);

const projectSchema = fields(
  {
    name: nameSchema,
    data: dataSchema.optional(),
    train: trainerSchema.optional(),
    gate: z
      .record(
        z.string(),
        metricGateSchema,
        wanted("metrics and their limits, for example { accuracy: { atLeast: 0.98 } }"),
      )
      .optional(),
    audit: auditSchema.optional(),
    serve: serveSchema.optional(),
    deploy: deploySchema.optional(),
  } satisfies Record<keyof ProjectDefinition, z.ZodType>,
  "a project, as defineProject({ name, data, train }) takes it",
);

function toFaults(issue: z.core.$ZodIssue, definition: unknown): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: write([...path, key]), problem: describeUnknown(key, issue.message) }));
  }
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1));
    return [
      {
        path: write(path.slice(0, -1)),
        problem: `the key is ${JSON.stringify(key)}, wanted ${issue.issues[0]?.message}`,
      },
    ];
  }
  const seen = path.reduce<unknown>(
    (at, key) => (isObject(at) || Array.isArray(at) ? (at as never)[key] : undefined),
    definition,
  );
  return [
    {
      path: write(path),
      problem: `${seen === undefined ? "is missing" : `is ${show(seen)}`}, wanted ${issue.message}`,
    },
  ];
}

function describeUnknown(key: string, knownJson: string): string {
  const known = JSON.parse(knownJson) as string[];
  const nearest = findNearest(key, known);
  return nearest === undefined
    ? `unknown key, wanted one of: ${known.join(", ")}`
    : `unknown key, did you mean ${nearest}?`;
}

function refuse(context: z.RefinementCtx, key: string, message: string): void {
  context.addIssue({ code: "custom", path: [key], message });
}

/** `serve.routes["POST /predict"].input` */
function write(path: readonly string[]): string {
  const written = path.map((key) =>
    /^\d+$/.test(key) ? `[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
  );
  return written.join("").replace(/^\./, "") || "the project";
}

function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "number") return String(value);
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 80 ? `${json.slice(0, 77)}…` : json;
}
