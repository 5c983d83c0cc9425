import { expect, onTestFinished, test } from "vitest";
import { createLog } from "../http/log.ts";
import type { Signature } from "../model/signature.ts";
import { createStore, markedImage, project, putModel, putTurnedModel } from "./_fixture.ts";
import { signatureUnsupported } from "./errors.ts";
import { checkRoutes, toFace } from "./face.ts";
import { toPorts } from "./runtime/ports.ts";
import { createServer, type Server, type ServerOptions } from "./server.ts";
import type { ServedProject } from "./service.ts";

async function startServer(serve: ServedProject["serve"], options: Partial<ServerOptions> = {}): Promise<Server> {
  const stores = await createStore();
  onTestFinished(() => stores.remove());
  await putTurnedModel(stores.store, 0);
  const server = await createServer({
    project: { ...project, ...(serve !== undefined && { serve }) },
    source: stores.store,
    port: 0,
    threads: 1,
    log: createLog("silent"),
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

function ask(server: Server, place: number): Promise<Response> {
  const form = new FormData();
  form.append("file", new Blob([Buffer.from(markedImage(place))]));
  return fetch(`${server.url}/predict`, { method: "POST", body: form });
}

test("past the queue callers are told when to come back, and the others are answered right", async () => {
  const server = await startServer({ ...project.serve, batching: { maxRows: 1, maxQueuedRows: 1 } });
  const answers = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const response = await ask(server, index % 10);
      const body = (await response.json()) as { prediction?: number; code?: string };
      return { wanted: index % 10, status: response.status, retry: response.headers.get("retry-after"), ...body };
    }),
  );
  const shed = answers.filter(({ status }) => status === 503);
  expect(shed.length).toBeGreaterThan(0);
  for (const { code, retry } of shed) expect([code, retry]).toEqual(["SLIPWAY_SERVE_OVERLOADED", "1"]);
  const answered = answers.filter(({ status }) => status !== 503);
  for (const { status, prediction, wanted } of answered) expect([status, prediction]).toEqual([200, wanted]);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain(`slipway_shed_total{model="digits"} ${shed.length}\n`);
});

test("a project's function that fails is a 500 that names it and hides its words", async () => {
  const output = (): never => {
    throw new Error("secret of the house");
  };
  const server = await startServer({ routes: { "POST /predict": { input: { file: { kind: "image" } }, output } } });
  const response = await ask(server, 1);
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(JSON.parse(text)).toMatchObject({
    code: "SLIPWAY_SERVE_OUTPUT_THREW",
    detail: expect.stringContaining("POST /predict") as string,
  });
  expect(text).not.toContain("secret");
});

test("a route may answer later, with nothing, or with the prediction as it is", async () => {
  const input = { file: { kind: "image" } } as const;
  const later = await startServer({
    routes: { "POST /predict": { input, output: ({ label }) => Promise.resolve({ label }) } },
  });
  expect(await (await ask(later, 6)).json()).toEqual({ label: "6" });
  const nothing = await startServer({ routes: { "POST /predict": { input, output: () => undefined } } });
  expect(await (await ask(nothing, 6)).text()).toBe("null");
  const whole = await startServer({ routes: { "POST /predict": { input } } });
  expect(await (await ask(whole, 6)).json()).toMatchObject({
    label: "6",
    probabilities: { "6": expect.any(Number) as number },
  });
});

test("small limits: a body over maxBodyBytes is refused, one below is not", async () => {
  const server = await startServer(undefined, { maxBodyBytes: 1024 });
  expect((await ask(server, 5)).status).toBe(200);
  const form = new FormData();
  form.append("file", new Blob([Buffer.alloc(2000)]));
  expect((await fetch(`${server.url}/predict`, { method: "POST", body: form })).status).toBe(413);
});

test("a route of the project that hides one of the server's is refused at the start", async () => {
  const start = startServer({ routes: { "POST /playground/predict": { input: { file: { kind: "image" } } } } });
  await expect(start).rejects.toMatchObject({ code: "SLIPWAY_SERVE_ROUTE_TAKEN" });
});

test("a file that is no ONNX does not start, and says so", async () => {
  const stores = await createStore();
  onTestFinished(() => stores.remove());
  const { signature } = await putTurnedModel(stores.store, 0);
  await putModel(stores.store, Buffer.from("hello"), signature);
  await expect(createServer({ project, source: stores.store, port: 0, threads: 1 })).rejects.toMatchObject({
    code: "SLIPWAY_GRAPH_LOAD",
  });
});

const image = {
  name: "image",
  datatype: "UINT8",
  shape: [-1, 2, 2, 1],
  content: { kind: "image", height: 2, width: 2, channels: 1 },
} as const;
const scores = {
  name: "p",
  datatype: "FP32",
  shape: [-1, 2],
  content: { kind: "probabilities", labels: ["a", "b"] },
} as const;

const numbers = { name: "x", datatype: "FP32", shape: [-1, 4] } as const;

test.each<[string, Signature, string]>([
  ["two inputs", { inputs: [image, image], outputs: [scores] }, "plain tensors as its input, wanted an image"],
  ["numbers in", { inputs: [numbers], outputs: [scores] }, "plain tensors as its input, wanted an image"],
  ["texts in", { inputs: [{ ...numbers, datatype: "BYTES", shape: [-1] }], outputs: [scores] }, "a text as its input"],
  ["another size", { inputs: [{ ...image, shape: [-1, 3, 3, 1] }], outputs: [scores] }, "an input [-1, 3, 3, 1]"],
  ["labels missing", { inputs: [image], outputs: [{ ...scores, shape: [-1, 3] }] }, "an output p [-1, 3]"],
  ["letters for pixels", { inputs: [{ ...image, datatype: "BYTES" }], outputs: [scores] }, "image in BYTES"],
])("a model that the routes cannot ask is refused: %s", (_name, signature, seen) => {
  expect(() => checkRoutes(project, "m", toFace({ name: "m", signature }))).toThrow(
    expect.objectContaining({
      code: signatureUnsupported.code,
      message: expect.stringContaining(seen) as string,
    }) as Error,
  );
});

test("how rows travel follows from the shapes", () => {
  const fixed = { inputs: [{ ...image, shape: [4, 2, 2, 1] }], outputs: [{ ...scores, shape: [4, -1] }] };
  expect(toPorts(fixed)).toMatchObject({ exchange: "shared", batched: true, fixedRows: 4, outputs: [{ shape: [2] }] });
  const texts = { inputs: [{ name: "t", datatype: "BYTES", shape: [-1] }], outputs: [scores] } as const;
  expect(toPorts(texts)).toMatchObject({ exchange: "messages", batched: true, fixedRows: undefined });
  const anySize = { inputs: [{ ...numbers, shape: [-1, -1] }], outputs: [numbers] };
  expect(toPorts(anySize)).toMatchObject({ exchange: "messages", batched: false });
  const unlikeRows = { inputs: [numbers], outputs: [{ ...numbers, shape: [7] }] };
  expect(toPorts(unlikeRows)).toMatchObject({ exchange: "messages", batched: false });
});
