import { describe, expect, test } from "vitest";
import { findFaults } from "./validate.ts";

const valid = {
  name: "digits",
  data: { kind: "imageFolder", path: "data", size: [28, 28], channels: 1, otherSizes: "refuse" },
  train: { kind: "sequential", layers: [] },
  gate: { accuracy: { atLeast: 0.98, notWorseThanChampionBy: 0.005 } },
  audit: () => [],
  serve: {
    port: 5000,
    routes: {
      "POST /predict": { input: { file: { kind: "image" } }, output: ({ label }: { label: string }) => label },
    },
    batching: { maxRows: 32 },
  },
  deploy: {
    replicas: 2,
    expose: "loadBalancer",
    resources: { cpu: "250m", memory: "200Mi" },
    train: { nodes: { training: "allowed" } },
  },
};

test("a whole definition has no fault, the least one neither", () => {
  expect(findFaults(valid)).toEqual([]);
  expect(findFaults({ name: valid.name, data: valid.data, train: valid.train })).toEqual([]);
});

test("a project without a model has routes; data and a trainer go together", () => {
  const { name, data, train, serve } = valid;
  expect(findFaults({ name, serve })).toEqual([]);
  expect(findFaults({ name, serve: { port: 1 } })).toEqual([
    {
      path: "train",
      problem: "is missing, wanted a trainer, or routes under `serve` for a project without a model",
    },
  ]);
  expect(findFaults({ name, serve, data })).toEqual([
    { path: "train", problem: "is missing, wanted a trainer for the data" },
  ]);
  expect(findFaults({ name, serve, train })).toEqual([
    { path: "data", problem: "is missing, wanted the data to train on" },
  ]);
});

test("the audit of labels is refused for images with boxes before anything is trained", () => {
  const data = { kind: "coco", path: "data", size: [96, 96], channels: 3, annotations: "a.json", images: "." };
  const train = { kind: "detector", layers: [] };
  const labels = { kind: "labels", folds: 2, epochs: 4, slips: 0.02 };
  expect(findFaults({ ...valid, data, train })).toEqual([]);
  expect(findFaults({ ...valid, data, train, audit: labels })).toEqual([
    {
      path: "audit",
      problem: "is labelAudit(), which looks at images with one label each; wanted a function for images with boxes",
    },
  ]);
});

describe("each fault names the value seen and the value wanted", () => {
  test.each<[string, object, string]>([
    [
      "name",
      { name: "My Digits" },
      `is "My Digits", wanted lower-case letters and digits, with single . _ or - between them`,
    ],
    ["name", { name: undefined }, `is missing, wanted a name such as "digits"`],
    [
      "data",
      { data: "data" },
      `is "data", wanted a data source, for example imageFolder("data", { size: [28, 28], channels: 1 })`,
    ],
    ["data.size[1]", { data: { ...valid.data, size: [28, 0] } }, "is 0, wanted a whole number from 1 to 16384"],
    [
      "train",
      { train: [] },
      "is [], wanted a trainer, for example sequential({ layers: […], … }) or command({ command: […] })",
    ],
    ["gate.accuracy.atLeast", { gate: { accuracy: { atLeast: "98%" } } }, `is "98%", wanted a number`],
    ["gate.accuracy", { gate: { accuracy: {} } }, "is {}, wanted at least one limit"],
    ["gate.accuracy.atleast", { gate: { accuracy: { atleast: 1, atMost: 1 } } }, "unknown key, did you mean atLeast?"],
    ["servr", { servr: {} }, "unknown key, did you mean serve?"],
    [
      "serve.colour",
      { serve: { colour: 1 } },
      "unknown key, wanted one of: port, routes, batching, auth, modelName, predict",
    ],
    ["serve.port", { serve: { port: 70_000 } }, "is 70000, wanted a whole number from 0 to 65535"],
    [
      "serve.routes",
      { serve: { routes: { predict: { input: { file: { kind: "image" } } } } } },
      `the key is "predict", wanted METHOD /path, for example POST /predict`,
    ],
    [
      'serve.routes["POST /p"].input.file',
      { serve: { routes: { "POST /p": { input: { file: "image" } } } } },
      `is "image", wanted a field made by image() or text(), for example { file: image() }`,
    ],
    [
      'serve.routes["POST /metrics"]',
      { serve: { routes: { "POST /metrics": { input: { file: { kind: "image" } } } } } },
      `is {"input":{"file":{"kind":"image"}}}, wanted a path that is not the server's own (/metrics is)`,
    ],
    [
      "deploy.expose",
      { deploy: { expose: "world" } },
      `is "world", wanted "clusterIP", "nodePort", "loadBalancer" or "ingress"`,
    ],
    [
      "deploy.resources.memory",
      { deploy: { resources: { memory: "200 MB" } } },
      `is "200 MB", wanted a Kubernetes quantity such as "250m" or "200Mi"`,
    ],
    ["audit", { audit: true }, "is true, wanted a function or labelAudit()"],
  ])("%s", (path, change, problem) => {
    expect(findFaults({ ...valid, ...change })).toEqual([{ path, problem }]);
  });
});

test("all faults are told at once", () => {
  expect(
    findFaults({ nam: "x", data: valid.data, serve: { port: -1 } })
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(["nam", "name", "serve.port", "train"]);
});

test.each([null, undefined, 3, "x", []])("%j is refused as a whole", (value) => {
  expect(findFaults(value)[0]).toMatchObject({ path: "the project" });
});

test("routes may ask the model about a text or columns, or have a handle of their own", () => {
  const handle = (): object => ({ status: "ok" });
  const routes = {
    "POST /intent": { input: { text: { kind: "text" } }, output: handle },
    "POST /market": { input: { kind: "columns" }, summary: "Tomorrow's direction" },
    "POST /score": { input: { kind: "json" }, handle },
    "GET /health": { handle, example: { status: "ok" } },
    "GET /tomorrow": { query: { threshold: "a number from 0 to 1" }, handle },
  };
  expect(findFaults({ name: "a", serve: { routes, auth: { kind: "basic" } } })).toEqual([]);
  expect(findFaults({ name: "a", serve: { predict: handle } })).toEqual([]);
});

test.each<[object, string, string]>([
  [{ input: { kind: "json" } }, ".input", "wanted columns(), text() or image(), or a `handle` beside json()"],
  [{ input: { text: { kind: "text" } }, handle: () => 1 }, ".input", "wanted json()"],
  [{ handle: 3 }, ".handle", "is 3, wanted a function"],
  [{ handle: () => 1, output: () => 1 }, ".output", "unknown key"],
  [{ input: {} }, ".input", "wanted exactly one field"],
])("the route %o has a fault at %s", (route, at, problem) => {
  const [fault, ...more] = findFaults({ name: "a", serve: { routes: { "POST /p": route } } });
  expect(more).toEqual([]);
  expect(fault?.path).toBe(`serve.routes["POST /p"]${at}`);
  expect(fault?.problem).toContain(problem);
});
