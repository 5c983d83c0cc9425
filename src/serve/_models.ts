/** @file Small real models of each kind for the server's tests, whose answers follow from their weights. */
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { Store } from "../artifact/types.ts";
import { createLog } from "../http/log.ts";
import { addInitializer, addInput, addNode, addOutput, createGraph, indices, int, toModel } from "../graph/build.ts";
import { exportTextModel } from "../model/bayes/export.ts";
import type { Signature } from "../model/signature.ts";
import { writeModel } from "../onnx/write.ts";
import { createStore, putModel } from "./_fixture.ts";
import { createServer, type Server, type ServerOptions } from "./server.ts";
import type { ServedProject } from "./service.ts";

export interface Made {
  model: Uint8Array;
  signature: Signature;
}

export const intents = ["greeting", "farewell", "order"];

/** Text in, one of three intents out: greeting by "hi", "hello"; farewell by "bye"; order by "pizza". Else greeting by its bias. */
export function intentModel(): Made {
  const vocabulary = ["bye", "hello", "hi", "pizza", "žluťoučký"];
  const about = [1, 0, 0, 2, 1];
  const weights = new Float64Array(vocabulary.length * 3);
  for (const [word, intent] of about.entries()) weights[word * 3 + intent] = 5;
  return exportTextModel({
    model: { vocabulary, classes: 3, weights, bias: Float64Array.of(0.1, 0, 0) },
    tokenizer: { lowercase: true, minLength: 2 },
    labels: intents,
  });
}

export const columns = ["return", "ma_3", "volatility_3"];

/** Softmax of (0, return + 2 × ma_3 + 4 × volatility_3): the probabilities of DOWN and UP. */
export function marketModel(): Made {
  const graph = createGraph("market");
  const input = addInput(graph, "features", "float32", ["batch", 3]);
  const weight = addInitializer(graph, "weight", "float32", [3, 2], Float32Array.of(0, 1, 0, 2, 0, 4));
  const scores = { type: "float32", shape: ["batch", 2] } as const;
  const product = addNode(graph, "MatMul", [input, weight], scores);
  addOutput(graph, "probabilities", addNode(graph, "Softmax", [product], scores, { attributes: { axis: int(1) } }));
  return {
    model: writeModel(toModel(graph)),
    signature: {
      inputs: [{ name: "features", datatype: "FP32", shape: [-1, 3], content: { kind: "features", names: columns } }],
      outputs: [
        {
          name: "probabilities",
          datatype: "FP32",
          shape: [-1, 2],
          content: { kind: "probabilities", labels: ["DOWN", "UP"] },
        },
      ],
    },
  };
}

/** An image of 4 × 4 in colour in; always a dog at .75, a cat at .5 whose box leaves the image, and padding. */
export function detectorModel(): Made {
  const graph = createGraph("detector");
  const input = addInput(graph, "image", "uint8", [1, 4, 4, 3]);
  const boxes = Float32Array.of(2, 0.75, 0.25, 0.25, 0.5, 0.75, 1, 0.5, -0.125, 0, 0.5, 1.5, 0, 0, 0, 0, 0, 0);
  const found = addInitializer(graph, "boxes", "float32", [1, 3, 6], boxes);
  // The image has to be used, or onnxruntime drops the input.
  const pixels = addNode(
    graph,
    "Cast",
    [input],
    { type: "float32", shape: [1, 4, 4, 3] },
    { attributes: { to: int(1) } },
  );
  const sum = addNode(
    graph,
    "ReduceSum",
    [pixels, indices(graph, [0, 1, 2, 3])],
    { type: "float32", shape: [1, 1, 1] },
    { attributes: { keepdims: int(0) } },
  );
  const nothing = addNode(graph, "Mul", [sum, addInitializer(graph, "zero", "float32", [1], Float32Array.of(0))], {
    type: "float32",
    shape: [1],
  });
  addOutput(graph, "detections", addNode(graph, "Add", [found, nothing], found));
  return {
    model: writeModel(toModel(graph)),
    signature: {
      inputs: [
        {
          name: "image",
          datatype: "UINT8",
          shape: [1, 4, 4, 3],
          content: { kind: "image", height: 4, width: 4, channels: 3 },
        },
      ],
      outputs: [
        {
          name: "detections",
          datatype: "FP32",
          shape: [1, 3, 6],
          content: { kind: "boxes", labels: ["background", "cat", "dog"] },
        },
      ],
    },
  };
}

/** Two plain inputs: gives `count` back as it is, doubled `values` and the `words`. */
export function tensorsModel(): Made {
  const graph = createGraph("tensors");
  const count = addInput(graph, "count", "int64", ["batch"]);
  const values = addInput(graph, "values", "float32", ["batch", 2, 2]);
  addOutput(graph, "same", addNode(graph, "Identity", [count], count));
  const two = addInitializer(graph, "two", "float32", [1], Float32Array.of(2));
  addOutput(graph, "doubled", addNode(graph, "Mul", [values, two], values));
  return {
    model: writeModel(toModel(graph)),
    signature: {
      inputs: [
        { name: "count", datatype: "INT64", shape: [-1] },
        { name: "values", datatype: "FP32", shape: [-1, 2, 2] },
      ],
      outputs: [
        { name: "same", datatype: "INT64", shape: [-1] },
        { name: "doubled", datatype: "FP32", shape: [-1, 2, 2] },
      ],
    },
  };
}

/** Any shape in, its values negated out: nothing that could be batched. */
export function shapelessModel(): Made {
  const graph = createGraph("shapeless");
  const input = addInput(graph, "x", "float32", ["batch", "width"]);
  addOutput(graph, "y", addNode(graph, "Neg", [input], input));
  const tensor = (name: string) => ({ name, datatype: "FP32", shape: [-1, -1] }) as const;
  return { model: writeModel(toModel(graph)), signature: { inputs: [tensor("x")], outputs: [tensor("y")] } };
}

/** Serves it under the project's name until the test, or the file, ends. */
export async function serveModel(
  made: Made | undefined,
  project: Partial<ServedProject> = {},
  options: Partial<ServerOptions> = {},
): Promise<Server & { store: Store; stop: () => Promise<void> }> {
  const stores = await createStore();
  if (made !== undefined) await putModel(stores.store, made.model, made.signature);
  const server = await createServer({
    project: { name: "digits", ...project },
    ...(made !== undefined && { source: stores.store, reference: "digits:champion" }),
    port: 0,
    threads: 1,
    log: createLog("silent"),
    ...options,
  });
  const stop = async (): Promise<void> => {
    await server.close();
    await stores.remove();
  };
  return Object.create(server, { store: { value: stores.store }, stop: { value: stop } }) as Awaited<
    ReturnType<typeof serveModel>
  >;
}

/** As `serveModel`, for one test. */
export async function serveForTest(
  ...given: Parameters<typeof serveModel>
): Promise<Awaited<ReturnType<typeof serveModel>>> {
  const server = await serveModel(...given);
  onTestFinished(() => server.stop());
  return server;
}

/** One server for all tests of a group; call it where they are described. */
export function serveOnce(make: () => Made | undefined, project: Partial<ServedProject> = {}): () => Promise<Server> {
  let server: Awaited<ReturnType<typeof serveModel>>;
  beforeAll(async () => {
    server = await serveModel(make(), project);
  });
  afterAll(() => server.stop());
  return () => Promise.resolve(server);
}

export interface JsonAnswer {
  status: number;
  body: unknown;
  headers: Headers;
}

export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<JsonAnswer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json", ...headers },
  });
  return readJsonAnswer(response);
}

export async function getJson(url: string, headers: Record<string, string> = {}): Promise<JsonAnswer> {
  return readJsonAnswer(await fetch(url, { headers }));
}

async function readJsonAnswer(response: Response): Promise<JsonAnswer> {
  return { status: response.status, body: await response.json(), headers: response.headers };
}
