import { describe, expect, test } from "vitest";
import { layerArgument } from "./errors.ts";
import { averagePool, batchNorm, conv, type ConvOptions, dense, dropout, maxPool } from "./layers.ts";

describe("layers fill in what is left out", () => {
  test.for<[string, unknown, unknown]>([
    ["conv(32, 3)", conv(32, 3), { kind: "conv", filters: 32, kernel: [3, 3], stride: [1, 1], padding: [0, 0] }],
    [
      "conv with all options",
      conv(8, [5, 3], { stride: 2, padding: [2, 1] }),
      { kind: "conv", filters: 8, kernel: [5, 3], stride: [2, 2], padding: [2, 1] },
    ],
    ["maxPool(2)", maxPool(2), { kind: "maxPool", size: [2, 2], stride: [2, 2] }],
    [
      "averagePool with a stride",
      averagePool([3, 2], { stride: 1 }),
      { kind: "averagePool", size: [3, 2], stride: [1, 1] },
    ],
    ["batchNorm()", batchNorm(), { kind: "batchNorm", momentum: 0.1, epsilon: 1e-5 }],
    ["dropout, to the next 256th", dropout(0.3), { kind: "dropout", rate: 77 / 256 }],
  ])("%s", ([, seen, wanted]) => {
    expect(seen).toEqual(wanted);
  });
});

describe("layers refuse wrong arguments, by name", () => {
  test.for<[() => unknown, string]>([
    [() => conv(0, 3), "conv(): filters is 0, wanted a whole number from 1 to 65536"],
    [() => conv(4, 2.5), "conv(): kernel is 2.5, wanted a whole number"],
    [
      () => conv(4, [3, 3, 3] as unknown as [number, number]),
      "conv(): kernel is [3,3,3], wanted one number, or [height, width]",
    ],
    [() => conv(4, 3, { padding: -1 }), "conv(): padding is -1"],
    [() => conv(4, 3, { strides: 2 } as ConvOptions), "conv(): strides is 2, wanted only: stride, padding"],
    [() => dense("10" as unknown as number), 'dense(): units is "10"'],
    [() => maxPool(0), "maxPool(): size is 0"],
    [() => dropout(1), "dropout(): rate is 1, wanted a share from 0 to 0.996"],
    [() => dropout(Number.NaN), "dropout(): rate is NaN"],
    [() => batchNorm({ momentum: 0 }), "batchNorm(): momentum is 0"],
    [() => batchNorm({ epsilon: 0 }), "batchNorm(): epsilon is 0"],
  ])("%#", ([make, message]) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: layerArgument.code,
        message: expect.stringContaining(message) as string,
      }) as Error,
    );
  });
});
