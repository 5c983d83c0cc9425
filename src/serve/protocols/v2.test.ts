import { describe, expect, test } from "vitest";
import { getJson, intentModel, postJson, serveForTest, serveOnce, shapelessModel, tensorsModel } from "../_models.ts";

describe("Open Inference Protocol v2", () => {
  const serve = serveOnce(tensorsModel, { serve: { modelName: "tensors" } });
  const count = { name: "count", shape: [2], datatype: "INT64", data: [1, 2] };
  const values = { name: "values", shape: [2, 2, 2], datatype: "FP32", data: [1, 2, 3, 4, 5, 6, 7, 0.1] };

  test("says what it is and what the model takes", async () => {
    const { url, digest } = await serve();
    const version = digest.slice(7, 19);
    expect((await getJson(`${url}/v2`)).body).toEqual({
      name: "slipway",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      extensions: [],
    });
    expect((await getJson(`${url}/v2/health/live`)).body).toEqual({ live: true });
    expect((await getJson(`${url}/v2/health/ready`)).body).toEqual({ ready: true });
    expect((await getJson(`${url}/v2/models`)).body).toEqual({ models: ["tensors"] });
    const metadata = {
      name: "tensors",
      versions: [version],
      platform: "onnxruntime_onnx",
      inputs: [
        { name: "count", datatype: "INT64", shape: [-1] },
        { name: "values", datatype: "FP32", shape: [-1, 2, 2] },
      ],
      outputs: [
        { name: "same", datatype: "INT64", shape: [-1] },
        { name: "doubled", datatype: "FP32", shape: [-1, 2, 2] },
      ],
    };
    expect((await getJson(`${url}/v2/models/tensors`)).body).toEqual(metadata);
    expect((await getJson(`${url}/v2/models/tensors/versions/${version}`)).body).toEqual(metadata);
    expect((await getJson(`${url}/v2/models/digits/ready`)).body).toEqual({ name: "digits", ready: true });
  });

  test("infers from flat and nested data alike, and echoes the id", async () => {
    const { url, digest } = await serve();
    const nested = {
      ...values,
      data: [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 0.1],
        ],
      ],
    };
    const wanted = {
      model_name: "tensors",
      model_version: digest.slice(7, 19),
      id: "a-7",
      outputs: [
        { name: "same", datatype: "INT64", shape: [2], data: [1, 2] },
        { name: "doubled", datatype: "FP32", shape: [2, 2, 2], data: [2, 4, 6, 8, 10, 12, 14, 0.2] },
      ],
    };
    for (const inputs of [
      [count, values],
      [values, count],
      [count, nested],
    ]) {
      const answer = await postJson(`${url}/v2/models/tensors/infer`, { id: "a-7", inputs });
      expect([answer.status, answer.body]).toEqual([200, wanted]);
      expect(answer.headers.get("x-model-digest")).toBe(digest);
    }
  });

  test("keeps whole numbers beyond 2^53", async () => {
    const { url } = await serve();
    const body = `{"inputs":[{"name":"count","shape":[3],"datatype":"INT64","data":[9007199254740993,-9223372036854775808,7]},{"name":"values","shape":[3,2,2],"datatype":"FP32","data":[0,0,0,0,0,0,0,0,0,0,0,null]}],"outputs":[{"name":"same"}]}`;
    const response = await fetch(`${url}/v2/models/tensors/infer`, { method: "POST", body });
    expect(await response.text()).toContain(`"data":[9007199254740993,-9223372036854775808,7]}]}`);
    const tooMuch = body.replace("9007199254740993", "9223372036854775808");
    expect(await postJson(`${url}/v2/models/tensors/infer`, tooMuch)).toMatchObject({
      status: 400,
      body: { error: "inputs[0].data[0] is 9223372036854775808; wanted a number that INT64 holds" },
    });
  });

  test("gives what is asked for, in that order; no number for what is none", async () => {
    const { url } = await serve();
    const outputs = [{ name: "doubled" }, { name: "same" }];
    const huge = { ...values, data: [3e38, null, 0, 0, 0, 0, 0, 0] };
    const { body } = await postJson(`${url}/v2/models/tensors/infer`, { inputs: [count, huge], outputs });
    expect(body).toMatchObject({
      outputs: [{ name: "doubled", data: [null, null, 0, 0, 0, 0, 0, 0] }, { name: "same" }],
    });
  });

  test("many rows of one request, and many requests, are answered each right", async () => {
    const { url } = await serve();
    const rows = 3000;
    const many = Array.from({ length: rows }, (_, row) => row);
    const inputs = [
      { ...count, shape: [rows], data: many },
      { ...values, shape: [rows, 2, 2], data: many.flatMap((row) => [row, row, row, row]) },
    ];
    const [long, ...short] = await Promise.all([
      postJson(`${url}/v2/models/tensors/infer`, { inputs }),
      ...Array.from({ length: 20 }, () => postJson(`${url}/v2/models/tensors/infer`, { inputs: [count, values] })),
    ]);
    expect(long).toMatchObject({ status: 200, body: { outputs: [{ data: many }, { shape: [rows, 2, 2] }] } });
    for (const { body } of short) expect(body).toMatchObject({ outputs: [{ data: [1, 2] }, {}] });
  });

  test.each<[string, unknown, number, string]>([
    ["no inputs", {}, 400, "inputs is missing; wanted a list with count, values"],
    ["an input too few", { inputs: [count] }, 400, "inputs is without values; wanted count, values"],
    [
      "an unknown input",
      { inputs: [{ ...count, name: "x" }, values] },
      400,
      'inputs[0].name is "x"; wanted count, values, each once',
    ],
    ["an input twice", { inputs: [count, count] }, 400, 'inputs[1].name is "count"; wanted count, values, each once'],
    [
      "another type",
      { inputs: [{ ...count, datatype: "INT32" }, values] },
      400,
      'inputs[0].datatype is "INT32"; wanted INT64',
    ],
    [
      "another shape",
      { inputs: [count, { ...values, shape: [2, 4] }] },
      400,
      "inputs[1].shape is [2, 4]; wanted [-1, 2, 2] (-1: any number of at least 1)",
    ],
    [
      "no rows",
      { inputs: [{ ...count, shape: [0], data: [] }, values] },
      400,
      "inputs[0].shape is [0]; wanted [-1] (-1: any number of at least 1)",
    ],
    [
      "too few values",
      { inputs: [count, { ...values, data: [1] }] },
      400,
      "inputs[1].data is [1]; wanted 8 values, flat or as [2, 2, 2]",
    ],
    [
      "ragged lists",
      { inputs: [{ ...count, data: [[1], [2, 3]] }, values] },
      400,
      "inputs[0].data is lists of different lengths; wanted the shape [2, 1] throughout",
    ],
    [
      "unlike batches",
      { inputs: [{ ...count, shape: [1], data: [1] }, values] },
      400,
      "inputs is of different batch sizes; wanted as many rows in each",
    ],
    [
      "a fraction for a whole number",
      { inputs: [{ ...count, data: [1.5, 2] }, values] },
      400,
      "inputs[0].data[0] is 1.5; wanted a number that INT64 holds",
    ],
    [
      "an unknown output",
      { inputs: [count, values], outputs: [{ name: "y" }] },
      400,
      'outputs[0].name is "y"; wanted same, doubled',
    ],
    ["a number for an id", { id: 7, inputs: [count, values] }, 400, "id is 7; wanted a text"],
    ["no JSON", "{", 400, "the body is no JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)"],
  ])("%s is refused with its place", async (_name, body, status, error) => {
    const { url } = await serve();
    expect(await postJson(`${url}/v2/models/tensors/infer`, body)).toMatchObject({ status, body: { error } });
  });

  test.each<[string, string, number, RegExp]>([
    ["GET", "/v2/models/nobody", 404, /no model "nobody" here; wanted tensors/],
    ["POST", "/v2/models/nobody/infer", 404, /no model "nobody"/],
    ["GET", "/v2/models/tensors/versions/1", 404, /version "1" is not served/],
    ["GET", "/v2/models/tensors/infer", 405, /does not answer GET/],
    ["GET", "/v2/repository/index", 404, /there is no GET/],
    ["GET", "/v2/models/%E0%A4%A", 400, /no valid HTTP/],
  ])("%s %s is %i, with the protocol's error", async (method, path, status, error) => {
    const { url } = await serve();
    const response = await fetch(url + path, { method, ...(method === "POST" && { body: "{}" }) });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect([response.status, await response.json()]).toEqual([
      status,
      { error: expect.stringMatching(error) as string },
    ]);
  });
});

test("texts are prepared as in training, whichever way they come", async () => {
  const { url } = await serveForTest(intentModel());
  const ask = (data: unknown, shape: number[]) =>
    postJson(`${url}/v2/models/digits/infer`, { inputs: [{ name: "text", datatype: "BYTES", shape, data }] });
  const { body } = await ask(["HI", "pizza", ""], [3]);
  const [{ data, shape }] = (body as { outputs: [{ data: number[]; shape: number[] }] }).outputs;
  expect(shape).toEqual([3, 3]);
  expect([data[0]! > 0.9, data[5]! > 0.9, data[6]! < 0.4]).toEqual([true, true, true]);
  expect(await ask([7], [1])).toMatchObject({ status: 400, body: { error: "inputs[0].data[0] is 7; wanted a text" } });
});

test("tensors of a shape that only the caller knows are run as they come", async () => {
  const { url } = await serveForTest(shapelessModel());
  const ask = (shape: number[], data: unknown) =>
    postJson(`${url}/v2/models/digits/infer`, { inputs: [{ name: "x", datatype: "FP32", shape, data }] });
  const answers = await Promise.all([
    ask(
      [2, 3],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ),
    ask([1, 1], [7]),
    ask([1, 2], [8, 9]),
  ]);
  expect(answers.map(({ body }) => (body as { outputs: unknown[] }).outputs[0])).toEqual([
    { name: "y", datatype: "FP32", shape: [2, 3], data: [-1, -2, -3, -4, -5, -6] },
    { name: "y", datatype: "FP32", shape: [1, 1], data: [-7] },
    { name: "y", datatype: "FP32", shape: [1, 2], data: [-8, -9] },
  ]);
  expect((await postJson(`${url}/v1/models/digits:predict`, { instances: [[1, 2], [3]] })).body).toEqual({
    predictions: [[-1, -2], [-3]],
  });
});
