/** @file The project's own routes for models of every kind, and for none. */
import { describe, expect, test } from "vitest";
import { deflateSync } from "node:zlib";
import { columns as columnsBody, image, json, refuse, reply, route, text } from "../project/route.ts";
import { pngOf } from "./_fixture.ts";
import {
  columns,
  detectorModel,
  getJson,
  intentModel,
  marketModel,
  postJson,
  serveForTest,
  serveOnce,
} from "./_models.ts";

describe("a model of texts", () => {
  const routes = {
    "POST /predict": { input: { text: text() }, output: ({ label }: { label: string }) => ({ intent: label }) },
  };
  const serve = serveOnce(intentModel, { serve: { routes } });

  test("answers in the project's own JSON", async () => {
    const { url } = await serve();
    const ask = async (words: string) => (await postJson(`${url}/predict`, { text: words })).body;
    expect(await ask("Hi")).toEqual({ intent: "greeting" });
    expect(await ask("ok BYE now")).toEqual({ intent: "farewell" });
    expect(await ask("two pizza, please")).toEqual({ intent: "order" });
  });

  test("has an answer for empty text, unknown words, other scripts, half characters and NUL", async () => {
    const { url } = await serve();
    const ask = async (body: string) => {
      const { status, body: answer } = await postJson(`${url}/predict`, body);
      return [status, answer];
    };
    for (const words of ["", "   ", "unheard of", "日本語のテキスト", "😀😀", "\\ud800", "ЖЖЖ", "\\u0000"])
      expect(await ask(`{"text":"${words}"}`)).toEqual([200, { intent: "greeting" }]);
    expect(await ask(`{"text":"ŽLUŤOUČKÝ"}`)).toEqual([200, { intent: "farewell" }]);
    // What stands before and after a NUL counts.
    expect(await ask(`{"text":"so\\u0000bye"}`)).toEqual([200, { intent: "farewell" }]);
  });

  test("takes a megabyte of text, and says how much is too much", async () => {
    const { url } = await serve();
    const long = "x ".repeat(524_284);
    expect(await postJson(`${url}/predict`, { text: `${long}pizza` })).toMatchObject({
      status: 200,
      body: { intent: "order" },
    });
    expect(await postJson(`${url}/predict`, { text: `${long}${long}` })).toMatchObject({
      status: 413,
      body: { code: "SLIPWAY_SERVE_TEXT_TOO_LONG", wanted: "at most 1048576 characters" },
    });
  });

  test("short texts are answered beside long ones, each right", async () => {
    const { url } = await serve();
    const long = "y ".repeat(100_000);
    const words = Array.from({ length: 60 }, (_, index) => ["hi", "bye", `${long} pizza`][index % 3]!);
    const answers = await Promise.all(words.map(async (one) => (await postJson(`${url}/predict`, { text: one })).body));
    expect(answers).toEqual(words.map((_, index) => ({ intent: ["greeting", "farewell", "order"][index % 3] })));
  });

  test.each<[string, string, number, string]>([
    ["nothing", "", 400, "it is empty"],
    ["no JSON", "{text:1}", 400, "no JSON"],
    ["a list", "[]", 400, 'the body is a list of 0; wanted {"text":"…"}'],
    ["no text", "{}", 400, "text is missing; wanted a text"],
    ["a number", `{"text":7}`, 400, "text is 7; wanted a text"],
    ["deep nesting", `{"text":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 400, "text is a list of 1"],
  ])("%s is a 400 that says what was wanted", async (_name, body, status, words) => {
    const { url } = await serve();
    const answer = await postJson(`${url}/predict`, body);
    expect(answer).toMatchObject({ status, body: { detail: expect.stringContaining(words) as string } });
  });

  test("bytes that are no UTF-8 are refused as such", async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/predict`, { method: "POST", body: Buffer.from(`{"text":"\xff"}`, "latin1") });
    expect(await response.json()).toMatchObject({ status: 400, detail: "the body is no JSON: it is not UTF-8" });
  });
});

describe("a model of columns", () => {
  const up = { return: 0.5, ma_3: 0.25, volatility_3: 0 };
  const serve = serveOnce(marketModel, { serve: { routes: { "POST /market": { input: columnsBody() } } } });

  test("takes an object or a list, and answers alike", async () => {
    const { url } = await serve();
    const one = await postJson(`${url}/market`, up);
    expect(one).toMatchObject({ status: 200, body: { label: "UP" } });
    expect((one.body as { probability: number }).probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
    const down = { ...up, return: -3 };
    const many = await postJson(`${url}/market`, [up, down]);
    expect((many.body as { label: string }[]).map(({ label }) => label)).toEqual(["UP", "DOWN"]);
  });

  test.each<[string, unknown, string]>([
    ["a column missing", { return: 1, ma_3: 1 }, "volatility_3 is missing; wanted a number"],
    ["a column too many", { ...up, close: 1 }, "close is no column of the model; wanted return, ma_3, volatility_3"],
    ["a text for a number", { ...up, ma_3: "1" }, 'ma_3 is "1"; wanted a number'],
    ["a fault in a list", [up, { ...up, return: [] }], "[1].return is a list of 0; wanted a number"],
    ["no object", 3, "the body is 3; wanted an object with return, ma_3, volatility_3"],
  ])("%s is a 400 with its place", async (_name, body, detail) => {
    const { url } = await serve();
    expect(await postJson(`${url}/market`, body)).toMatchObject({ status: 400, body: { detail } });
  });
});

describe("a detector", () => {
  const photo = pngOf(8, 6, deflateSync(Buffer.alloc(6 * 9)));
  const upload = async (url: string, field: string): Promise<Response> => {
    const form = new FormData();
    form.append(field, new Blob([Buffer.from(photo)]), "x.png");
    return fetch(url, { method: "POST", body: form });
  };

  test("gives labels, scores and boxes of an image of any size", async () => {
    const routes = { "POST /predict": { input: { image: image() } } };
    const { url } = await serveForTest(detectorModel(), { serve: { routes } });
    expect(await (await upload(`${url}/predict`, "image")).json()).toEqual({
      labels: ["dog", "cat"],
      classes: [2, 1],
      scores: [0.75, 0.5],
      boxes: [
        [0.25, 0.25, 0.5, 0.75],
        [0, 0, 0.5, 1],
      ],
      image: { width: 8, height: 6 },
    });
  });

  test("a route that wants what this model has not says so, and nothing else", async () => {
    const routes = { "POST /predict": { input: { image: image() }, output: ({ label }: { label: string }) => label } };
    const { url } = await serveForTest(detectorModel(), { serve: { routes } });
    const response = await upload(`${url}/predict`, "image");
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      code: "SLIPWAY_SERVE_MEMBER_ABSENT",
      detail: "predictions of digits have no `label`: its signature gives boxes",
    });
  });
});

describe("routes with code of their own", () => {
  const latest = { return: 0.5, ma_3: 0.25, volatility_3: 0 };
  const routes = {
    "GET /predictionForTomorrow": route({
      query: { threshold: "a number from 0 to 1" },
      example: { prediction: "UP", confidence: 0.73 },
      async handle({ query, model }) {
        const threshold = Number(query.get("threshold") ?? 0.5);
        if (!(threshold >= 0 && threshold <= 1))
          throw refuse(`threshold is ${query.get("threshold")}`, { wanted: "a number from 0 to 1" });
        const { probabilities } = await model.predict(latest);
        const up = probabilities["UP"] ?? 0;
        return {
          prediction: up >= threshold ? "UP" : "DOWN",
          confidence: up,
          threshold,
          model_source: model.source,
          model_alias: model.alias,
        };
      },
    }),
    "POST /score": route({
      input: json((value) => value as { X: number[] }),
      handle: ({ input }) => ({ score: input.X }),
    }),
    "POST /checked": route({
      input: json((value) => {
        if (typeof value !== "string") throw new TypeError("only a text will do");
        return value;
      }),
      handle: ({ input }) => input.length,
    }),
    "GET /teapot": { handle: () => reply({ status: 418, headers: { "X-Kind": "tea" }, body: "short and stout" }) },
    "GET /fails": {
      handle: () => {
        throw new Error("a secret");
      },
    },
    "GET /who": { handle: ({ client }: { client: string }) => ({ client }) },
  };

  test("may ask the model, and know which it is", async () => {
    const { url, digest } = await serveForTest(marketModel(), { serve: { routes } });
    const answer = await getJson(`${url}/predictionForTomorrow?threshold=0.9`);
    expect(answer.body).toEqual({
      prediction: "DOWN",
      confidence: expect.closeTo(0.7310586, 6) as number,
      threshold: 0.9,
      model_source: "store",
      model_alias: "champion",
    });
    expect(answer.headers.get("x-model-digest")).toBe(digest);
    expect((await getJson(`${url}/predictionForTomorrow`)).body).toMatchObject({ prediction: "UP", threshold: 0.5 });
    expect(await getJson(`${url}/predictionForTomorrow?threshold=7`)).toMatchObject({
      status: 400,
      body: { code: "SLIPWAY_PROJECT_REFUSED", detail: "threshold is 7", mend: "Send a number from 0 to 1." },
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(
      /slipway_requests_total\{model="digits",version="\w{12}",protocol="routes",code="200"\} 2\n/,
    );
  });

  test("need no model", async () => {
    const { url, digest } = await serveForTest(undefined, { name: "hello", serve: { routes } });
    expect(digest).toBe("");
    expect((await postJson(`${url}/score`, { X: [1, 2] })).body).toEqual({ score: [1, 2] });
    expect((await postJson(`${url}/score`, { X: 3 }, { "content-type": "text/plain" })).body).toEqual({ score: 3 });
    const teapot = await fetch(`${url}/teapot`);
    expect([
      teapot.status,
      teapot.headers.get("x-kind"),
      teapot.headers.get("content-type"),
      await teapot.text(),
    ]).toEqual([418, "tea", "text/plain; charset=utf-8", "short and stout"]);
    expect(teapot.headers.has("x-model-digest")).toBe(false);
    expect((await getJson(`${url}/who`, { "x-forwarded-for": "192.0.2.7, 198.51.100.9" })).body).toEqual({
      client: "198.51.100.9",
    });
    expect((await getJson(`${url}/who`)).body).toEqual({ client: "127.0.0.1" });
    expect(await getJson(`${url}/readyz`)).toMatchObject({ status: 200, body: { ready: true } });
    expect(await getJson(`${url}/card`)).toMatchObject({ status: 500, body: { code: "SLIPWAY_SERVE_MODEL_ABSENT" } });
    const index = await (await fetch(`${url}/index`)).text();
    expect(index).toMatch(/^hello: served by Slipway\n/);
    expect(index).toContain("POST /score");
    expect(await (await fetch(url)).text()).toContain("<h1>hello</h1>");
  });

  test("are told what is wrong with a body, and hide what is wrong with themselves", async () => {
    const { url } = await serveForTest(undefined, { name: "hello", serve: { routes } });
    expect(await postJson(`${url}/score`, "{")).toMatchObject({
      status: 400,
      body: { code: "SLIPWAY_SERVE_JSON_MALFORMED" },
    });
    expect(await postJson(`${url}/checked`, 3)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("only a text will do") as string },
    });
    expect((await postJson(`${url}/checked`, `"abc"`)).body).toBe(3);
    const failed = await fetch(`${url}/fails`);
    const words = await failed.text();
    expect([failed.status, words.includes("secret")]).toEqual([500, false]);
    expect(JSON.parse(words)).toMatchObject({ code: "SLIPWAY_SERVE_OUTPUT_THREW" });
    expect(await getJson(`${url}/predictionForTomorrow`)).toMatchObject({ status: 500 });
  });

  test("are in the description", async () => {
    const { url } = await serveForTest(marketModel(), {
      serve: { routes: { ...routes, "POST /market": { input: columnsBody() } } },
    });
    const { body } = await getJson(`${url}/openapi.json`);
    const { paths } = body as { paths: Record<string, Record<string, Record<string, unknown>>> };
    expect(paths["/predictionForTomorrow"]?.["get"]?.["parameters"]).toEqual([
      { name: "threshold", in: "query", description: "a number from 0 to 1", schema: { type: "string" } },
    ]);
    expect(JSON.stringify(paths["/market"]?.["post"]?.["requestBody"])).toContain(JSON.stringify(columns));
  });
});
