import { expect, test } from "vitest";
import {
  averagePool,
  batchNorm,
  conv,
  dense,
  dropout,
  flatten,
  type Layer,
  maxPool,
  relu,
  tanh,
} from "../../model/layers.ts";
import { planFastStep } from "./plan.ts";

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
  dense(10),
];

test("the digits network is one product, one Winograd convolution with its pool and dropout, and a head", () => {
  const plan = planFastStep({ layers: digits, input: { channels: 1, height: 28, width: 28 }, classes: 10 });
  expect(plan?.segments.map(({ kind, layers }) => [kind, ...layers])).toEqual([
    ["patches", "conv1"],
    ["winograd", "relu1", "conv2", "relu2", "maxPool1", "dropout1"],
  ]);
  expect(plan?.head.layers.map(({ name }) => name)).toEqual(["flatten1", "dense1", "relu3", "dense2"]);
  expect(plan?.head.order).toBe("pixels");
});

/** Kinds of the segments, and of what is left. */
function kindsOf(layers: readonly Layer[], size: number, channels = 8): string {
  const plan = planFastStep({
    layers: [...layers, dense(3)],
    input: { channels, height: size, width: size },
    classes: 3,
  });
  return `${plan?.segments.map(({ kind }) => kind).join(" ")} | ${plan?.head.layers.map(({ layer }) => layer.kind).join(" ")}`;
}

test.each([
  ["3×3 with stride 1", [conv(8, 3)], 16, "transpose winograd | dense"],
  ["a stride", [conv(8, 3, { stride: 2 })], 16, "patches | dense"],
  ["another kernel", [conv(8, 5)], 16, "patches | dense"],
  ["padding of 2", [conv(8, 3, { padding: 2 })], 16, "patches | dense"],
  ["few filters", [conv(4, 3)], 16, "patches | dense"],
  ["tiles that would mostly stick out", [conv(8, 3)], 4, "patches | dense"],
  ["ReLU at the end", [conv(8, 5), relu()], 16, "patches | relu dense"],
  ["a pool by itself", [conv(8, 5), relu(), maxPool(2), dropout(0.5)], 16, "patches pool2 | dense"],
  ["an overlapping pool", [conv(8, 5), maxPool(3, { stride: 2 })], 16, "patches maxPool | dense"],
  ["dropout of nothing", [conv(8, 5), dropout(0)], 16, "patches | dense"],
  [
    "the rest",
    [conv(8, 5), batchNorm(), relu(), averagePool(2), dropout(0.5), tanh()],
    16,
    "patches batchNorm averagePool dropout activation | dense",
  ],
] as const)("%s", (_, layers, size, wanted) => {
  expect(kindsOf(layers, size)).toBe(wanted);
});

test("there is no plan where nothing is convolved", () => {
  expect(planFastStep({ layers: [dense(3)], input: { channels: 1, height: 4, width: 4 }, classes: 3 })).toBe(undefined);
});
