import { describe, expect, test } from "vitest";
import { columns, getJson, intentModel, marketModel, postJson, serveForTest, serveOnce } from "../../_models.ts";
import { createStore, markedImage, project, putTurnedModel } from "../../_fixture.ts";
import { createLog } from "../../../http/log.ts";
import { refuse } from "../../../project/route.ts";
import { createServer } from "../../server.ts";

const paths = [
  "/predict",
  "/api/v0.1/predictions",
  "/api/v1.0/predictions",
  "/seldon/hello/api/v0.1/predictions",
  "/seldon/prod/hello/api/v0.1/predictions",
  "/seldon/prod/hello/api/v1.0/predictions",
];

describe("a project without a model", () => {
  const serve = serveOnce(() => undefined, {
    name: "hello",
    serve: {
      predict({ names, rows }) {
        if (rows.some((row) => row.includes("bad"))) throw refuse("bad is not good");
        if (rows.some((row) => row.includes("worse"))) throw new Error("a secret");
        return { names, rows };
      },
    },
  });
  const names = ["a", "b"];

  test.each(paths)("answers rows at %s, in the kind they came", async (path) => {
    const { url } = await serve();
    const meta = { puid: "p1", tags: { kind: "test" }, requestPath: { before: "x" } };
    expect(
      (
        await postJson(url + path, {
          meta,
          data: {
            names,
            ndarray: [
              [1, 2],
              [3, 4],
            ],
          },
        })
      ).body,
    ).toEqual({
      meta: { puid: "p1", tags: { kind: "test" }, requestPath: { before: "x", hello: "" } },
      data: {
        names,
        ndarray: [
          [1, 2],
          [3, 4],
        ],
      },
    });
    const tensor = { shape: [2, 2], values: [1, 2, 3, 4.5] };
    expect((await postJson(url + path, { data: { names, tensor } })).body).toMatchObject({
      meta: { puid: expect.stringMatching(/^\w{26}$/) as string },
      data: { names, tensor },
    });
  });

  test("keeps single rows and texts as they are", async () => {
    const { url } = await serve();
    const ask = async (data: unknown) => ((await postJson(`${url}/predict`, { data })).body as { data: unknown }).data;
    expect(await ask({ ndarray: [1, 2] })).toEqual({ names: [], ndarray: [1, 2] });
    expect(await ask({ tensor: { shape: [2], values: [1, 2] } })).toEqual({
      names: [],
      tensor: { shape: [2], values: [1, 2] },
    });
    expect(await ask({ ndarray: [["x", { y: 1 }]] })).toEqual({ names: [], ndarray: [["x", { y: 1 }]] });
    expect(await ask({ tensor: { shape: [1, 2, 2], values: [1, 2, 3, 4] } })).toEqual({
      names: [],
      tensor: { shape: [1, 2, 2], values: [1, 2, 3, 4] },
    });
  });

  test("takes Seldon's own form, and JSON that curl calls one", async () => {
    const { url } = await serve();
    const body = JSON.stringify({ data: { ndarray: [[1]] } });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const sent of [body, new URLSearchParams({ json: body }).toString()])
      expect((await postJson(`${url}/predict`, sent, form)).body).toMatchObject({ data: { ndarray: [[1]] } });
    expect(await postJson(`${url}/predict`, "a=b", form)).toMatchObject({
      status: 400,
      body: { status: { info: "the body is no JSON: the form has no field json" } },
    });
  });

  test("has a component's other paths", async () => {
    const { url } = await serve();
    const message = { data: { ndarray: [[1]] } };
    for (const path of ["/transform-input", "/transform-output"])
      expect((await postJson(url + path, message)).body).toMatchObject({
        ...message,
        meta: { requestPath: { hello: "" } },
      });
    // Whole numbers beyond 2^53 go on with all their digits.
    const large = '{"jsonData":{"count":9007199254740993}}';
    const passed = await fetch(`${url}/transform-input`, { method: "POST", body: large });
    expect(await passed.text()).toContain('"jsonData":{"count":9007199254740993}');
    for (const path of ["/route", "/aggregate"])
      expect(await postJson(url + path, message)).toMatchObject({
        status: 501,
        body: { status: { status: "FAILURE", code: 501, reason: "MICROSERVICE_NOT_IMPLEMENTED" } },
      });
    expect((await postJson(`${url}/send-feedback`, { request: message, reward: 0.5 })).body).toEqual({ meta: {} });
    expect((await postJson(`${url}/api/v1.0/feedback`, { reward: 1 })).body).toEqual({ meta: {} });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('slipway_feedback_reward{model="hello",version=""} 1.5\n');
    expect(await (await fetch(`${url}/health/ping`)).text()).toBe("pong");
    expect(await getJson(`${url}/health/status`)).toMatchObject({ status: 200, body: { strData: "healthy" } });
    expect((await getJson(`${url}/api/v1.0/metadata`)).body).toMatchObject({ name: "hello" });
  });

  test.each<[string, unknown, number, string, string]>([
    [
      "no data",
      {},
      400,
      "the body is without data; wanted data with tensor or ndarray, strData, binData or jsonData",
      "BAD_DATA",
    ],
    ["no rows", { data: {} }, 400, "data.ndarray is missing; wanted a list of at least one row", "BAD_DATA"],
    [
      "a shape that lies",
      { data: { tensor: { shape: [2, 2], values: [1] } } },
      400,
      "data.tensor.values is a list of 1; wanted 4 numbers, as the shape says",
      "BAD_DATA",
    ],
    [
      "a text in a tensor",
      { data: { tensor: { shape: [1, 1], values: ["x"] } } },
      400,
      'data.tensor.values[0] is "x"; wanted a number',
      "BAD_DATA",
    ],
    [
      "a mixture",
      { data: { ndarray: [1, [2]] } },
      400,
      "data.ndarray is rows and single values mixed; wanted a list of rows",
      "BAD_DATA",
    ],
    [
      "names that are none",
      { data: { names: [1], ndarray: [[1]] } },
      400,
      "data.names is a list of 1; wanted a list of texts",
      "BAD_DATA",
    ],
    ["what the project refuses", { data: { ndarray: [["bad"]] } }, 400, "bad is not good", "BAD_DATA"],
    [
      "what the project fails at",
      { data: { ndarray: [["worse"]] } },
      500,
      "the project's function for predict failed; the cause is in the server's log",
      "INTERNAL_ERROR",
    ],
    [
      "a text where rows are wanted",
      { strData: "x" },
      400,
      "strData is no rows; wanted data with tensor or ndarray",
      "BAD_DATA",
    ],
  ])("%s is a failure that says so", async (_name, body, status, info, reason) => {
    const { url } = await serve();
    expect(await postJson(`${url}/api/v0.1/predictions`, body)).toMatchObject({
      status,
      body: { status: { status: "FAILURE", code: status, info, reason: `MICROSERVICE_${reason}` } },
    });
  });

  test("an unknown path of Seldon's fails in its words", async () => {
    const { url } = await serve();
    expect(await getJson(`${url}/seldon/a/b/api/v9/predictions`)).toMatchObject({
      status: 404,
      body: { status: { status: "FAILURE", code: 404 } },
    });
  });
});

test("a project's own /predict stays its own", async () => {
  const routes = { "POST /predict": { input: { text: { kind: "text" as const } } } };
  const { url } = await serveForTest(intentModel(), { serve: { routes } });
  expect((await postJson(`${url}/predict`, { text: "hi" })).body).toMatchObject({ label: "greeting" });
  const { body } = await getJson(`${url}/openapi.json`);
  expect(Object.keys((body as { paths: object }).paths)).toContain("/transform-input");
});

test("texts come as rows, singly, or as strData; probabilities are named by their labels", async () => {
  const { url } = await serveForTest(intentModel());
  const ask = async (message: unknown) =>
    (await postJson(`${url}/api/v1.0/predictions`, message)).body as {
      data: { names: string[]; ndarray: number[][]; tensor: { shape: number[] } };
    };
  const rows = await ask({ data: { ndarray: [["hi"], ["bye"]] } });
  expect(rows.data.names).toEqual(["greeting", "farewell", "order"]);
  expect(rows.data.ndarray.map((row) => row.findIndex((share) => share > 0.5))).toEqual([0, 1]);
  expect((await ask({ data: { ndarray: ["hi", "bye"] } })).data.ndarray).toEqual(rows.data.ndarray);
  expect((await ask({ strData: "pizza" })).data.tensor.shape).toEqual([1, 3]);
  expect((await ask({ jsonData: ["hi", { text: "bye" }] })).data.tensor.shape).toEqual([2, 3]);
});

test("columns may come in another order where their names say so", async () => {
  const { url } = await serveForTest(marketModel());
  const ask = async (names: string[], row: number[]) => {
    const { body } = await postJson(`${url}/predict`, { data: { names, ndarray: [row] } });
    return (body as { data: { ndarray: number[][] } }).data.ndarray[0]!;
  };
  const straight = await ask([...columns], [1, 0, -2]);
  expect(await ask(columns.toReversed(), [-2, 0, 1])).toEqual(straight);
  expect(await ask(["f1", "f2", "f3"], [1, 0, -2])).toEqual(straight);
  expect(await postJson(`${url}/predict`, { data: { ndarray: [[1]] } })).toMatchObject({
    status: 400,
    body: { status: { info: "data.ndarray[0] is a list of 1; wanted 3 numbers" } },
  });
});

test("an image comes as binData", async () => {
  const stores = await createStore();
  await putTurnedModel(stores.store, 0);
  const server = await createServer({ project, source: stores.store, port: 0, threads: 1, log: createLog("silent") });
  const binData = Buffer.from(markedImage(3)).toString("base64");
  const { body } = await postJson(`${server.url}/api/v1.0/predictions`, { binData });
  const { names, tensor } = (body as { data: { names: string[]; tensor: { values: number[] } } }).data;
  expect(names[tensor.values.findIndex((share) => share > 0.5)]).toBe("3");
  await server.close();
  await stores.remove();
});
