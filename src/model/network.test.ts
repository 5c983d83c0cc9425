import { describe, expect, test } from "vitest";
import { networkOutput, networkShape } from "./errors.ts";
import { createInitialParameters, createInitialStatistics } from "./initial.ts";
import { averagePool, batchNorm, conv, dense, dropout, flatten, type Layer, maxPool, relu } from "./layers.ts";
import { planNetwork } from "./network.ts";

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
const input = { channels: 1, height: 28, width: 28 };

describe("planNetwork", () => {
  test("follows the shapes and names the parameters", () => {
    const plan = planNetwork({ layers: digits, input, classes: 10 });
    expect(plan.layers.map(({ name, output }) => `${name} ${output.join("×")}`)).toEqual([
      "conv1 32×26×26",
      "relu1 32×26×26",
      "conv2 64×24×24",
      "relu2 64×24×24",
      "maxPool1 64×12×12",
      "dropout1 64×12×12",
      "flatten1 9216",
      "dense1 128",
      "relu3 128",
      "dropout2 128",
      "dense2 10",
    ]);
    expect(plan.parameters.map(({ name, shape }) => `${name} ${shape.join("×")}`)).toEqual([
      "conv1.weight 32×1×3×3",
      "conv1.bias 32",
      "conv2.weight 64×32×3×3",
      "conv2.bias 64",
      "dense1.weight 128×9216",
      "dense1.bias 128",
      "dense2.weight 10×128",
      "dense2.bias 10",
    ]);
    expect(plan.statistics).toEqual([]);
  });

  test("flattens before dense and at the end by itself", () => {
    const layers = [conv(4, 3, { stride: 2 }), dense(6), batchNorm()];
    expect(planNetwork({ layers, input, classes: 6 }).parameters[2]?.shape).toEqual([6, 4 * 13 * 13]);
    expect(planNetwork({ layers: [conv(5, 28)], input, classes: 5 }).layers[0]?.output).toEqual([5, 1, 1]);
  });

  test.for<[string, readonly Layer[], string, string]>([
    [
      "a pool after flatten",
      [flatten(), maxPool(2)],
      networkShape.code,
      "layer maxPool1 does not fit its input of 784 values a row",
    ],
    [
      "a kernel that is too large",
      [conv(4, 3), averagePool(20), averagePool(2)],
      networkShape.code,
      "layer averagePool2 does not fit its input of 4×1×1 values a row: averagePool: a window of 2×2 does not fit into 1×1",
    ],
    [
      "an end of another size",
      [dense(12)],
      networkOutput.code,
      "the last layer gives 12 values a row, wanted 10: one for each label of the dataset",
    ],
    ["no layers at all", [], networkOutput.code, "the last layer gives 1×28×28 values a row"],
  ])("refuses %s", ([, layers, code, message]) => {
    expect(() => planNetwork({ layers, input, classes: 10 })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
    );
  });
});

describe("initial parameters", () => {
  const plan = planNetwork({ layers: digits, input, classes: 10 });

  test("are the same for the same seed and others for another", () => {
    const [first, again, other] = [1, 1, 2].map((seed) => createInitialParameters(plan, seed));
    expect(again).toEqual(first);
    expect(other?.[0]?.data).not.toEqual(first?.[0]?.data);
  });

  test("fill ±1/√fan-in evenly", () => {
    const dense1 = createInitialParameters(plan, 7).find(({ name }) => name === "dense1.weight");
    const values = dense1?.data ?? new Float32Array();
    const bound = 1 / Math.sqrt(9216);
    const mean = values.reduce((all, value) => all + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((all, value) => all + value * value, 0) / values.length);
    expect(Math.max(...values.subarray(0, 100_000).map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.abs(mean) / bound).toBeLessThan(0.005);
    expect(deviation / (bound / Math.sqrt(3))).toBeCloseTo(1, 2);
  });

  test("leave a batch norm as it is: scale 1, shift 0, mean 0, variance 1", () => {
    const normed = planNetwork({ layers: [conv(2, 3), batchNorm(), dense(10)], input, classes: 10 });
    const values = createInitialParameters(normed, 1).map(({ name, data }) => [name, [...data.subarray(0, 2)]]);
    expect(Object.fromEntries(values)).toMatchObject({ "batchNorm1.scale": [1, 1], "batchNorm1.shift": [0, 0] });
    expect(createInitialStatistics(normed)).toEqual(Float32Array.of(0, 0, 1, 1));
  });
});
