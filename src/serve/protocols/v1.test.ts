import { describe, expect, test } from "vitest";
import { putTurnedModel, createStore, markedImage, project } from "../_fixture.ts";
import {
  detectorModel,
  getJson,
  intentModel,
  marketModel,
  postJson,
  serveForTest,
  serveOnce,
  tensorsModel,
} from "../_models.ts";
import { createServer } from "../server.ts";
import { createLog } from "../../http/log.ts";

describe("KServe's V1", () => {
  const serve = serveOnce(intentModel, { name: "intent", serve: { modelName: "intent-classifier" } });

  test("says which model there is", async () => {
    const { url } = await serve();
    expect((await getJson(`${url}/v1/models`)).body).toEqual({ models: ["intent-classifier"] });
    expect((await getJson(`${url}/v1/models/intent-classifier`)).body).toEqual({
      name: "intent-classifier",
      ready: true,
    });
  });

  test.each([
    ["texts", { instances: ["Hi", "bye"] }],
    ["rows of one text", { instances: [["Hi"], ["bye"]] }],
    ["named texts", { instances: [{ text: "Hi" }, { text: "bye" }] }],
    ["inputs", { inputs: ["Hi", "bye"] }],
    ["a named input", { inputs: { text: ["Hi", "bye"] } }],
  ])("labels come from %s", async (_name, body) => {
    const { url } = await serve();
    expect((await postJson(`${url}/v1/models/intent-classifier:predict`, body)).body).toEqual({
      predictions: ["greeting", "farewell"],
    });
  });

  test.each<[string, string, unknown, number, string]>([
    ["no instances", ":predict", {}, 400, "instances is missing; wanted a list of at least one instance"],
    [
      "none of them",
      ":predict",
      { instances: [] },
      400,
      "instances is a list of 0; wanted a list of at least one instance",
    ],
    ["a number", ":predict", { instances: ["Hi", 3] }, 400, "instances[1] is 3; wanted a text"],
    ["another verb", ":explain", { instances: ["Hi"] }, 501, ":explain is not something that this service does"],
    ["no verb", "", { instances: ["Hi"] }, 501, "POST without a verb is not something that this service does"],
  ])("%s is refused", async (_name, verb, body, status, error) => {
    const { url } = await serve();
    expect(await postJson(`${url}/v1/models/intent-classifier${verb}`, body)).toMatchObject({
      status,
      body: { error },
    });
  });

  test("another model is not found, and GET is not how to ask", async () => {
    const { url } = await serve();
    expect(await postJson(`${url}/v1/models/nobody:predict`, { instances: ["Hi"] })).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining(`"nobody"`) as string },
    });
    expect(await getJson(`${url}/v1/models/intent-classifier:predict`)).toMatchObject({
      status: 405,
      body: { error: expect.stringContaining("does not answer GET") as string },
    });
    expect(await getJson(`${url}/v1/other`)).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining("there is no GET") as string },
    });
  });
});

test("images come as base64 or as pixels", async () => {
  const stores = await createStore();
  await putTurnedModel(stores.store, 0);
  const server = await createServer({ project, source: stores.store, port: 0, threads: 1, log: createLog("silent") });
  const ask = (instances: unknown[]) => postJson(`${server.url}/v1/models/digits:predict`, { instances });
  const b64 = Buffer.from(markedImage(4)).toString("base64");
  const pixels = Array.from({ length: 28 }, (_row, y) =>
    Array.from({ length: 28 }, (_column, x) => (y === 0 && x === 7 ? 255 : 0)),
  );
  const nested = pixels.map((row) => row.map((pixel) => [pixel]));
  const answer = await ask([{ b64 }, { image_bytes: { b64 } }, { image: { b64 } }, pixels, nested, pixels.flat()]);
  expect(answer.body).toEqual({ predictions: ["4", "4", "4", "7", "7", "7"] });
  expect(await ask([{ b64: "!" }])).toMatchObject({
    status: 400,
    body: { error: "instances[0].b64 is no base64; wanted an image file in base64" },
  });
  expect(await ask([{ b64: "aGk=" }])).toMatchObject({ status: 415 });
  expect(await ask([[1, 2]])).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining("instances[0] is 2 numbers; wanted 28×28×1 pixels") as string },
  });
  expect(await ask([[(pixels.flat() as number[]).with(0, 256)]])).toMatchObject({ status: 400 });
  await server.close();
  await stores.remove();
});

test("columns come by name or in order", async () => {
  const { url } = await serveForTest(marketModel());
  const instances = [[1, 1, 1], { return: -1, ma_3: 0, volatility_3: 0 }, { features: [0, 0, -1] }];
  expect((await postJson(`${url}/v1/models/digits:predict`, { instances })).body).toEqual({
    predictions: ["UP", "DOWN", "DOWN"],
  });
});

test("boxes come whole, and plain outputs by their names", async () => {
  const detector = await serveForTest(detectorModel());
  const image = Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => [0, 0, 0]));
  const { body } = await postJson(`${detector.url}/v1/models/digits:predict`, { instances: [image, image] });
  expect(body).toMatchObject({ predictions: [{ labels: ["dog", "cat"] }, { scores: [0.75, 0.5] }] });
  const tensors = await serveForTest(tensorsModel());
  const ask = (instances: unknown) => postJson(`${tensors.url}/v1/models/digits:predict`, instances);
  const one = {
    count: 3,
    values: [
      [1, 2],
      [3, 4],
    ],
  };
  const wanted = {
    predictions: [
      {
        same: 3,
        doubled: [
          [2, 4],
          [6, 8],
        ],
      },
    ],
  };
  expect((await ask({ instances: [one] })).body).toEqual(wanted);
  expect((await ask({ inputs: { count: [3], values: [one.values] } })).body).toEqual(wanted);
  expect(await ask({ instances: [3] })).toMatchObject({
    status: 400,
    body: { error: "instances[0] is 3; wanted an object with count, values" },
  });
});

test("a project without a model answers by its own function", async () => {
  const predict = ({ rows }: { rows: readonly (readonly unknown[])[] }) =>
    rows.map((row) => [(row as number[]).reduce((sum, value) => sum + value, 0)]);
  const { url } = await serveForTest(undefined, { name: "hello", serve: { predict } });
  const ask = (instances: unknown) => postJson(`${url}/v1/models/hello:predict`, { instances });
  expect(
    (
      await ask([
        [1, 2],
        [3, 4],
      ])
    ).body,
  ).toEqual({ predictions: [[3], [7]] });
  expect((await ask([1, 2])).body).toEqual({ predictions: [1, 2] });
});
