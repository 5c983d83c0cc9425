import { describe, expect, test } from "vitest";
import { createSession, type PlainTensor } from "../graph/run.ts";
import { printModel } from "../onnx/print-text.ts";
import { readModel } from "../onnx/read.ts";
import { writeModel } from "../onnx/write.ts";
import { parameterMismatch } from "./errors.ts";
import { exportModel } from "./export.ts";
import { createInitialParameters } from "./initial.ts";
import {
  averagePool,
  batchNorm,
  conv,
  crossEntropy,
  dense,
  dropout,
  flatten,
  gelu,
  type Layer,
  maxPool,
  meanSquaredError,
  relu,
  sigmoid,
  tanh,
} from "./layers.ts";
import { planNetwork } from "./network.ts";
import { readSignature } from "./signature-of.ts";
import { buildTrainingGraph } from "./training-graph.ts";

const digits = [
  conv(32, 3),
  relu(),
  conv(64, 3),
  relu(),
  maxPool(2),
  dropout(0.25),
  flatten(),
  dense(128),
  relu(),
  dropout(0.5),
  dense(10),
];
const labels = Array.from({ length: 10 }, (_, digit) => String(digit));

describe("the exported model", () => {
  test("of the digits, as text", async () => {
    const { model } = exportDigits();
    await expect(printModel(readModel(model), { longest: 8 })).toMatchFileSnapshot(
      "../../test/golden/gradients/digits-served.txt",
    );
  });

  test("and its training graph, as text", async () => {
    const plan = planNetwork({ layers: digits, input: { channels: 1, height: 28, width: 28 }, classes: 10 });
    const { model } = buildTrainingGraph(plan, { loss: crossEntropy(), rows: 32, batch: 64, train: true });
    await expect(printModel(model, { longest: 8 })).toMatchFileSnapshot(
      "../../test/golden/gradients/digits-training.txt",
    );
  });

  test("carries its signature, and the same parameters give the same bytes", () => {
    const [first, again] = [exportDigits(), exportDigits()];
    expect(Buffer.compare(again.model, first.model)).toBe(0);
    expect(readSignature(first.model)).toEqual(first.signature);
    expect(first.signature).toEqual({
      inputs: [
        {
          name: "image",
          datatype: "UINT8",
          shape: [-1, 28, 28, 1],
          content: { kind: "image", height: 28, width: 28, channels: 1 },
        },
      ],
      outputs: [
        { name: "probabilities", datatype: "FP32", shape: [-1, 10], content: { kind: "probabilities", labels } },
      ],
    });
  });

  test.for<[string, Layer[], 1 | 3]>([
    ["grey", [conv(4, 3), relu(), maxPool(2), flatten(), dense(3)], 1],
    [
      "colour",
      [
        conv(4, 3, { stride: 2, padding: 1 }),
        batchNorm(),
        gelu(),
        averagePool(2),
        dropout(0.5),
        dense(5),
        tanh(),
        dense(3),
        sigmoid(),
      ],
      3,
    ],
  ])("gives what the training graph gives without dropout: %s", async ([, layers, channels]) => {
    const input = { channels, height: 9, width: 8 };
    const plan = planNetwork({ layers, input, classes: 3 });
    const parameters = createInitialParameters(plan, 3);
    const running = plan.statistics.flatMap(({ shape }, index) =>
      Array.from({ length: shape[0] ?? 0 }, (_, i) => 0.1 * (i + 1) + index),
    );
    const statistics = Float32Array.from(running);
    const { model } = exportModel({
      layers,
      loss: meanSquaredError(),
      input,
      labels: ["a", "b", "c"],
      parameters,
      statistics,
    });
    const rows = 2;
    const pixels = Uint8Array.from({ length: rows * 9 * 8 * channels }, (_, i) => (i * 37) % 256);
    const served = await createSession(model, { name: "served" });
    const { probabilities } = await served.run({
      image: { type: "uint8", shape: [rows, 9, 8, channels], data: pixels },
    });
    await served.release();

    const { model: training } = buildTrainingGraph(plan, { loss: meanSquaredError(), rows, batch: rows, train: false });
    const session = await createSession(writeModel(training), { name: "training" });
    const feeds: Record<string, PlainTensor> = {
      image: { type: "float32", shape: [rows, channels, 9, 8], data: planes(pixels, rows, 72, channels) },
      targets: { type: "int64", shape: [rows], data: BigInt64Array.of(0n, 2n) },
    };
    for (const { name, shape, data } of parameters) feeds[name] = { type: "float32", shape, data };
    let offset = 0;
    for (const { name, shape } of plan.statistics) {
      feeds[name] = { type: "float32", shape, data: statistics.slice(offset, (offset += shape[0] ?? 0)) };
    }
    const { loss } = await session.run(feeds);
    await session.release();
    const p = Array.from(probabilities?.data as Float32Array);
    const squares = p.map((value, i) => (value - Number(i === 0 || i === 5)) ** 2);
    expect(Number(loss?.data[0])).toBeCloseTo(squares.reduce((all, square) => all + square) / 6, 6);
    expect(p.slice(0, 3).reduce((all, value) => all + value)).toBeCloseTo(1, 6);
  });

  test("refuses images that are neither grey nor colour", () => {
    const input = { channels: 2, height: 2, width: 2 };
    const attempt = () => exportModel({ layers: [dense(10)], loss: crossEntropy(), input, labels, parameters: [] });
    expect(attempt).toThrow(/its input has 2 channels, wanted 1 \(grey\) or 3 \(colour\)/);
  });

  test("refuses parameters that are missing or of another shape", () => {
    const plan = planNetwork({ layers: [dense(10)], input: { channels: 1, height: 2, width: 2 }, classes: 10 });
    const parameters = createInitialParameters(plan, 1);
    const attempt = (changed: typeof parameters) => () =>
      exportModel({
        layers: [dense(10)],
        loss: crossEntropy(),
        input: { channels: 1, height: 2, width: 2 },
        labels,
        parameters: changed,
      });
    expect(attempt(parameters.slice(1))).toThrow(/dense1.weight: missing, wanted \[10, 4\]/);
    expect(attempt(parameters.map((one) => ({ ...one, shape: [1] })))).toThrow(
      expect.objectContaining({ code: parameterMismatch.code }) as Error,
    );
  });
});

function exportDigits(): ReturnType<typeof exportModel> {
  const input = { channels: 1, height: 28, width: 28 };
  const parameters = createInitialParameters(planNetwork({ layers: digits, input, classes: 10 }), 1);
  return exportModel({ layers: digits, loss: crossEntropy(), input, labels, parameters });
}

/** NHWC bytes as NCHW shares of one. */
function planes(pixels: Uint8Array, rows: number, size: number, channels: number): Float32Array {
  const values = new Float32Array(pixels.length);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < channels; c++)
        values[(row * channels + c) * size + i] = (pixels[(row * size + i) * channels + c] ?? 0) / 255;
    }
  }
  return values;
}
