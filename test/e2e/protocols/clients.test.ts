/** @file The clients that people have, as PyPI gives them, against the running server. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { intentModel, marketModel, serveForTest, tensorsModel } from "../../../src/serve/_models.ts";
import { providePython, runPython } from "./python.ts";

const near = (value: number) => expect.closeTo(value, 5) as number;

describe("clients of KServe and Triton", () => {
  let python: string;
  beforeAll(() => {
    python = providePython("v2", ["kserve==0.21.0", "tritonclient[http]==2.73.0"]);
  });

  test("KServe's asks by V1 and by v2, and reads the errors", async () => {
    const { url } = await serveForTest(intentModel(), { name: "intent", serve: { modelName: "intent-classifier" } });
    expect(JSON.parse(await runPython(python, ["kserve_client.py", url, "intent-classifier", "Hi"]))).toEqual({
      ready: [true, true, true, true, false],
      v1: { predictions: ["greeting", "order"] },
      v2: { id: "r-1", model: "intent-classifier", shape: [2, 3], best: [0, 2] },
      errors: [
        [400, expect.stringContaining("instances[0] is 1; wanted a text") as string],
        [400, expect.stringContaining('inputs[0].name is "words"; wanted text, each once') as string],
      ],
    });
  });

  test("Triton's asks in JSON, by version too, and keeps 64-bit numbers", async () => {
    const { url } = await serveForTest(tensorsModel(), { name: "tensors" });
    const text = await runPython(python, ["triton_client.py", url.replace("http://", ""), "tensors"]);
    // The number has to survive this test's own JSON as well.
    expect(text).toContain(`"same": [9007199254740993, -7]`);
    expect(JSON.parse(text)).toMatchObject({
      ready: [true, true, true, false],
      server: "slipway",
      metadata: { platform: "onnxruntime_onnx", inputs: [{ name: "count", datatype: "INT64", shape: [-1] }, {}] },
      id: "t-1",
      doubled: [
        [
          [0, 2],
          [4, 6],
        ],
        [
          [8, 10],
          [12, 14],
        ],
      ],
      errors: [
        ["404", expect.stringContaining('version "1" is not served') as string],
        ["400", "inputs is without values; wanted count, values"],
        ["501", expect.stringContaining("binary tensor extension") as string],
      ],
    });
  });
});

describe("Seldon's tester and client", () => {
  let python: string;
  let contract: string;
  beforeAll(async () => {
    python = providePython("seldon", ["seldon-core==1.18.2"]);
    const folder = await mkdtemp(join(tmpdir(), "slipway-contract-"));
    contract = join(folder, "contract.json");
    const number = { dtype: "FLOAT", ftype: "continuous", range: [-1, 1] };
    const features = ["return", "ma_3", "volatility_3"].map((name) => ({ name, ...number }));
    await writeFile(
      contract,
      JSON.stringify({ features, targets: [{ name: "share", ...number, range: [0, 1], repeat: 2 }] }),
    );
    return () => rm(folder, { recursive: true });
  });
  const ask = async (url: string, ...words: string[]): Promise<string> =>
    runPython(python, [
      "-m",
      "seldon_core.microservice_tester",
      contract,
      "127.0.0.1",
      new URL(url).port,
      "-p",
      ...words,
    ]);

  test.each([
    ["ndarray", []],
    ["tensor", ["-t"]],
  ])("the tester gets probabilities for rows in %s", async (kind, words) => {
    const { url } = await serveForTest(marketModel(), { name: "market" });
    const text = await ask(url, "-n", "2", "-b", "3", ...words);
    expect(text.match(/RECEIVED RESPONSE:/g)).toHaveLength(2);
    expect(text.match(/names: "DOWN"\s+names: "UP"/g)).toHaveLength(2);
    expect(text).toContain(kind === "tensor" ? "tensor {\n    shape: 3\n    shape: 2" : "ndarray {");
    expect(text).not.toContain("FAILURE");
  });

  test("the tester sends feedback and inputs to be transformed", async () => {
    const { url } = await serveForTest(marketModel(), { name: "market" });
    expect(await ask(url, "--endpoint", "send-feedback")).toMatch(/success:true/i);
    expect(await ask(url, "--endpoint", "transform-input")).toContain("ndarray");
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/slipway_feedback_total\{model="digits",version="\w{12}"\} 1\n/);
    expect(metrics).toMatch(
      /slipway_requests_total\{model="digits",version="\w{12}",protocol="seldon",code="200"\} 3\n/,
    );
  });

  test("the client asks by name and namespace, and is told when it fails", async () => {
    const { url } = await serveForTest(undefined, {
      name: "hello",
      serve: { predict: ({ names, rows }) => ({ names, rows }) },
    });
    expect(JSON.parse(await runPython(python, ["seldon_client.py", new URL(url).host]))).toEqual({
      success: [true, true],
      data: [
        {
          names: ["a", "b"],
          ndarray: [
            [1, 2],
            [3, near(4.5)],
          ],
        },
        { names: ["a", "b"], tensor: { shape: [2, 2], values: [1, 2, 3, near(4.5)] } },
      ],
      refused: [false, "routing: this component is a model is not something that this service does"],
    });
  });
});
