import { readFileSync, globSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../http/log.ts";
import { createStore, formOf, labels, markedImage, pngOf, project, putTurnedModel, sendRaw } from "./_fixture.ts";
import { createServer, type Server } from "./server.ts";

const maxBodyBytes = 2 * 1024 * 1024;
let server: Server;
let stores: Awaited<ReturnType<typeof createStore>>;

beforeAll(async () => {
  stores = await createStore();
  await putTurnedModel(stores.store, 0);
  server = await createServer({
    project,
    source: stores.store,
    port: 0,
    threads: 1,
    maxBodyBytes,
    log: createLog("silent"),
  });
});

afterAll(async () => {
  await server.close();
  await stores.remove();
});

function upload(content: Uint8Array, field = "file", path = "/predict"): Promise<Response> {
  const form = new FormData();
  form.append(field, new Blob([Buffer.from(content)]), "image");
  return fetch(server.url + path, { method: "POST", body: form });
}

/** Status and code; checks on the way that the answer is a whole problem, without a trace of the inside. */
async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; detail: string; wanted: string }> {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const text = await response.text();
  expect(text).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/);
  const problem = JSON.parse(text) as { status: number; code: string; detail: string; wanted: string };
  expect(Object.keys(problem).toSorted()).toEqual([
    "code",
    "detail",
    "instance",
    "mend",
    "status",
    "title",
    "type",
    "wanted",
  ]);
  expect(problem.status).toBe(response.status);
  return problem;
}

describe("asking", () => {
  test.each(labels)("image %s gets its label", async (label) => {
    const response = await upload(markedImage(Number(label)));
    expect([response.status, await response.json()]).toEqual([200, { prediction: Number(label) }]);
    expect(response.headers.get("x-model-digest")).toBe(server.digest);
  });

  test("many at once each get their own", async () => {
    const places = Array.from({ length: 200 }, (_, index) => (index * 7) % 10);
    const answers = await Promise.all(places.map(async (place) => (await upload(markedImage(place))).json()));
    expect(answers).toEqual(places.map((prediction) => ({ prediction })));
  });

  test("a real JPEG of the example is taken", async () => {
    const [path = ""] = globSync("examples/digits/data/7/*.jpg");
    expect((await upload(readFileSync(path))).status).toBe(200);
  });

  test("a path with a query, which the router takes, answers with the same headers as the bare one", async () => {
    const [bare, routed] = await Promise.all(
      ["/predict", "/predict?x=1"].map((path) => upload(markedImage(4), "file", path)),
    );
    expect(await routed!.json()).toEqual(await bare!.json());
    expect([...routed!.headers.keys()]).toEqual([...bare!.headers.keys()]);
    expect([...bare!.headers.keys()]).toEqual([
      "connection",
      "content-length",
      "content-type",
      "date",
      "keep-alive",
      "x-model-digest",
      "x-request-id",
    ]);
  });

  test("the playground gets the whole prediction and the server's time", async () => {
    const response = await upload(markedImage(3), "image", "/playground/predict");
    const { label, probability, probabilities } = (await response.json()) as {
      label: string;
      probability: number;
      probabilities: Record<string, number>;
    };
    expect(label).toBe("3");
    expect(Object.keys(probabilities)).toEqual(labels);
    expect(probabilities["3"]).toBe(probability);
    expect(Object.values(probabilities).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 5);
    expect(response.headers.get("server-timing")).toMatch(/^predict;dur=\d+\.\d\d$/);
  });

  test("the caller's request id comes back; a harmful one is replaced", async () => {
    const idFor = async (id: string) =>
      (await fetch(`${server.url}/healthz`, { headers: { "x-request-id": id } })).headers.get("x-request-id");
    expect(await idFor("trace-1.2:3")).toBe("trace-1.2:3");
    expect(await idFor("a b{}")).toMatch(/^[0-9a-f]{12}-\w+$/);
  });
});

describe("bad input", () => {
  const jpeg = readFileSync(globSync("examples/digits/data/7/*.jpg")[0] ?? "");
  test.each<[string, () => Uint8Array, number, string, string]>([
    ["0 bytes", () => new Uint8Array(), 400, "SLIPWAY_HTTP_FIELD_EMPTY", '"file" has 0 bytes'],
    [
      "text renamed .jpg",
      () => Buffer.from("hello, I am text\n".repeat(40)),
      415,
      "SLIPWAY_PIXELS_UNSUPPORTED",
      "JPEG, PNG or WebP",
    ],
    ["a truncated JPEG", () => jpeg.subarray(0, jpeg.length - 200), 422, "SLIPWAY_PIXELS_TRUNCATED", "cut off"],
    [
      "100 megapixels",
      () => pngOf(10_000, 10_000, new Uint8Array(100)),
      413,
      "SLIPWAY_PIXELS_TOO_LARGE",
      "10000 × 10000",
    ],
    ["another size", () => pngOf(29, 28, new Uint8Array(100)), 422, "SLIPWAY_PIXELS_WRONG_SIZE", "29 × 28"],
  ])("%s", async (_name, content, status, code, detail) => {
    const problem = await problemOf(await upload(content()));
    expect(problem).toMatchObject({ status, code, detail: expect.stringContaining(detail) as string });
    expect(problem.wanted).not.toBe("");
  });

  test("a wrong field is named, and the wanted one", async () => {
    const problem = await problemOf(await upload(markedImage(1), "photo"));
    expect(problem).toMatchObject({ status: 400, code: "SLIPWAY_HTTP_FIELD_MISSING" });
    expect(problem.detail).toBe('the form has "photo"; wanted a file in the field "file"');
  });

  test.each<[string, RequestInit, number, string]>([
    [
      "JSON",
      { method: "POST", body: "{}", headers: { "content-type": "application/json" } },
      415,
      "SLIPWAY_HTTP_CONTENT_TYPE_UNSUPPORTED",
    ],
    ["no body", { method: "POST" }, 415, "SLIPWAY_HTTP_CONTENT_TYPE_UNSUPPORTED"],
    [
      "no boundary",
      { method: "POST", body: "x", headers: { "content-type": "multipart/form-data" } },
      400,
      "SLIPWAY_HTTP_MULTIPART_MALFORMED",
    ],
    [
      "no form",
      { method: "POST", body: "x", headers: { "content-type": "multipart/form-data; boundary=b" } },
      400,
      "SLIPWAY_HTTP_MULTIPART_MALFORMED",
    ],
    ["GET", {}, 405, "SLIPWAY_HTTP_METHOD_NOT_ALLOWED"],
  ])("%s on /predict", async (_name, init, status, code) => {
    expect(await problemOf(await fetch(`${server.url}/predict`, init))).toMatchObject({ status, code });
  });

  test("405 says which methods there are, 404 which path was meant", async () => {
    const wrong = await fetch(`${server.url}/refresh`, { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, POST, HEAD, OPTIONS"]);
    expect(await problemOf(await fetch(`${server.url}/predct`, { method: "POST" }))).toMatchObject({
      status: 404,
      wanted: "/predict",
    });
    expect(await problemOf(await fetch(`${server.url}/%zz`))).toMatchObject({
      status: 400,
      code: "SLIPWAY_HTTP_REQUEST_MALFORMED",
    });
    const options = await fetch(`${server.url}/predict`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, OPTIONS"]);
  });
});

describe("on the wire", () => {
  const head = (extra: string): string =>
    `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=----b0undary\r\n${extra}\r\n\r\n`;

  test("50 MB announced and sent: the whole upload gets through to its 413", async () => {
    const megabyte = Buffer.alloc(1024 * 1024);
    const answer = await sendRaw(server.port, [
      head(`Content-Length: ${50 * megabyte.length}`),
      ...Array.from({ length: 50 }, () => megabyte),
    ]);
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: "SLIPWAY_HTTP_BODY_TOO_LARGE",
      wanted: "at most 2097152 bytes",
    });
  });

  test("a chunked body that grows past the limit gets its 413", async () => {
    const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(0x100000), Buffer.from("\r\n")]);
    const answer = await sendRaw(server.port, [head("Transfer-Encoding: chunked"), chunk, chunk, chunk, "0\r\n\r\n"]);
    expect(answer.status).toBe(413);
  });

  test("who asks first (Expect: 100-continue) is told before sending", async () => {
    const answer = await sendRaw(server.port, [head("Content-Length: 52428800\r\nExpect: 100-continue")]);
    expect([answer.status, answer.headers["connection"]]).toEqual([413, "close"]);
  });

  test("a form that arrives byte by byte is read", async () => {
    const body = formOf("file", markedImage(6));
    const request = Buffer.concat([Buffer.from(head(`Content-Length: ${body.length}`)), body]);
    const answer = await sendRaw(
      server.port,
      Array.from(request, (byte) => Uint8Array.of(byte)),
    );
    expect(answer.body).toBe('{"prediction":6}');
  });

  test("a truncated form, an endless header and no HTTP at all are 4xx", async () => {
    const body = formOf("file", markedImage(6)).subarray(0, 150);
    expect(await sendRaw(server.port, [head(`Content-Length: ${body.length}`), body])).toMatchObject({ status: 400 });
    expect(
      await sendRaw(server.port, [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`]),
    ).toMatchObject({ status: 431 });
    const answer = await sendRaw(server.port, ["hello\r\n\r\n"]);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "SLIPWAY_HTTP_REQUEST_MALFORMED" });
  });

  test("callers that hang up in the middle cost nothing: the next one is answered", async () => {
    await Promise.all(
      Array.from(
        { length: 20 },
        () =>
          new Promise<void>((resolve) => {
            const socket = connect(server.port, "127.0.0.1", () => {
              socket.write(head("Content-Length: 5000") + "------b0undary\r\n", () => socket.destroy());
            });
            socket.on("close", () => resolve());
          }),
      ),
    );
    expect(await (await upload(markedImage(2))).json()).toEqual({ prediction: 2 });
    const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();
    await expect.poll(metrics).toMatch(/slipway_requests_total\{.*protocol="routes",code="499"\} 20\n/);
    await expect.poll(metrics).toMatch(/slipway_in_flight_requests 0\n/);
  });
});

describe("pages", () => {
  const get = async (path: string) => {
    const response = await fetch(server.url + path);
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };

  test("health, readiness, index", async () => {
    expect(await get("/healthz")).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect(JSON.parse((await get("/readyz")).text)).toEqual({
      ready: true,
      model: { reference: "digits:champion", digest: server.digest, origin: "store" },
    });
    const index = await get("/index");
    expect(index.type).toBe("text/plain; charset=utf-8");
    for (const part of [server.digest, "accuracy 0.9876", `curl -F file=@image.jpg ${server.url}/predict`])
      expect(index.text).toContain(part);
  });

  test("metrics carry the names of the guide", async () => {
    const { text } = await get("/metrics");
    for (const name of [
      'slipway_requests_total{model="digits"',
      "slipway_request_duration_seconds_bucket{",
      "slipway_batch_size_count{",
      "slipway_queue_duration_seconds_sum{",
      "slipway_model_load_duration_seconds_count{",
      `slipway_model_info{model="digits",digest="${server.digest}",dataset_digest="sha256:`,
      "# TYPE slipway_shed_total counter",
      "process_cpu_seconds_total",
    ])
      expect(text).toContain(name);
  });

  test("the card has what the page shows, and no inputs digest", async () => {
    const card = JSON.parse((await get("/card")).text) as Record<string, unknown>;
    expect(card).toMatchObject({
      name: "digits",
      digest: server.digest,
      lineage: { metrics: { accuracy: 0.9876 } },
      signature: { inputs: [{ name: "image" }] },
    });
    expect(card["routes"]).toContainEqual({ method: "POST", path: "/predict", field: "file" });
  });

  test("the description for programs is OpenAPI 3.1 whose references and operations hold", async () => {
    const document = JSON.parse((await get("/openapi.json")).text) as OpenApi;
    expect(document.openapi).toBe("3.1.0");
    const ids: string[] = [];
    for (const [path, methods] of Object.entries(document.paths)) {
      expect(path).toMatch(/^\//);
      for (const [method, operation] of Object.entries(methods)) {
        expect(["get", "post"]).toContain(method);
        ids.push(operation.operationId);
        for (const [status, response] of Object.entries(operation.responses)) {
          expect(status).toMatch(/^(\d{3}|default)$/);
          expect(response.description).not.toBe("");
        }
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, ref = ""] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = ref.split("/").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
      expect(target).toBeTypeOf("object");
    }
    expect(document.paths["/predict"]?.["post"]?.responses["200"]?.content?.["application/json"]?.schema).toEqual({
      type: "object",
      required: ["prediction"],
      properties: { prediction: { type: "number" } },
    });
  });

  test("the description for people names every operation and problem, and loads nothing", async () => {
    const { text, type } = await get("/docs");
    expect(type).toBe("text/html; charset=utf-8");
    for (const part of ["/predict", "/refresh", 'id="SLIPWAY_HTTP_BODY_TOO_LARGE"', "prefers-color-scheme:dark"])
      expect(text).toContain(part);
    expect(text).not.toMatch(/<script|src=|https?:\/\/(?!host:port)/);
  });

  test("refresh without a change says so", async () => {
    const response = await fetch(`${server.url}/refresh`, { method: "POST" });
    expect(await response.json()).toEqual({ model: "digits", digest: server.digest, changed: false });
  });
});

interface OpenApi {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
      }
    >
  >;
}
