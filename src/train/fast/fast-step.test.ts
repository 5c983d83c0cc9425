import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createInitialParameters } from "../../model/initial.ts";
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
} from "../../model/layers.ts";
import { planNetwork } from "../../model/network.ts";
import { createGraphStep } from "../graph-step.ts";
import type { NamedParameter, Step, StepOptions } from "../step.ts";
import { createFastStep } from "./fast-step.ts";

type Network = Pick<StepOptions, "layers" | "input"> & Partial<StepOptions>;

const complete = (network: Network): StepOptions => ({
  loss: crossEntropy(),
  classes: 5,
  rows: 3,
  batch: 6,
  scratch: 0,
  ...network,
});

const input = (channels: number, height: number, width: number) => ({ channels, height, width });

/** Each has something of its own: what the segments are, where tiles stick out, what comes before and after. */
const networks: Record<string, Network> = {
  "the digits example's kind": {
    layers: [conv(8, 3), relu(), conv(12, 3), relu(), maxPool(2), flatten(), dense(9), relu(), dense(5)],
    input: input(1, 14, 14),
  },
  "channels that are no multiples of 4": {
    layers: [
      conv(10, 3, { padding: 1 }),
      relu(),
      conv(9, 3, { padding: 1 }),
      relu(),
      maxPool(2),
      conv(11, 3),
      dense(5),
    ],
    input: input(3, 19, 17),
  },
  "large and strided windows": {
    layers: [conv(6, 5), relu(), maxPool(2), conv(18, [5, 3], { padding: [2, 1], stride: [2, 1] }), relu(), dense(5)],
    input: input(3, 20, 21),
  },
  "batch norm, overlapping pools, every activation": {
    layers: [
      conv(10, 3),
      batchNorm(),
      relu(),
      conv(11, 3, { padding: 1 }),
      batchNorm({ momentum: 0.3 }),
      relu(),
      maxPool(3, { stride: 2 }),
      gelu(),
      conv(9, 3),
      sigmoid(),
      conv(8, 1),
      tanh(),
      dense(7),
      batchNorm(),
      dense(5),
    ],
    input: input(2, 16, 16),
  },
  "no dense layer at all": {
    layers: [conv(16, 3, { padding: 1 }), relu(), averagePool(3, { stride: 2 }), conv(5, 5), sigmoid(), flatten()],
    input: input(16, 12, 12),
  },
  "no convolution at first": {
    layers: [relu(), maxPool(2), conv(10, 2), gelu(), maxPool(2), relu(), dense(6), tanh(), dense(5)],
    input: input(1, 13, 11),
  },
  "sigmoid between padded pixels and the dense layer": {
    layers: [conv(6, 3), sigmoid(), averagePool(2), sigmoid(), flatten(), gelu(), dense(5)],
    input: input(1, 9, 9),
    loss: meanSquaredError(),
  },
  "more than one block of tiles and of windows, the last of them smaller": {
    layers: [
      conv(8, 3, { padding: 1 }),
      relu(),
      conv(12, 3, { padding: 1 }),
      relu(),
      conv(5, 3, { stride: 2 }),
      dense(5),
    ],
    input: input(1, 44, 44),
    rows: 7,
  },
  "a pool before ReLU, ReLU twice, one output row": {
    layers: [conv(8, 3), maxPool(2), relu(), relu(), conv(8, 3), relu(), maxPool(2), relu(), dense(5)],
    input: input(2, 10, 12),
    rows: 1,
    batch: 1,
  },
};

describe.each(Object.entries(networks))("%s", (_, network) => {
  test("loss, gradients and statistics are the plain graph's", async () => {
    const trains = network.layers.some(({ kind }) => kind === "batchNorm") ? [true, false] : [false];
    expect(await compareWithGraph(complete(network), trains)).toEqual([]);
  });
});

test("random networks give the plain graph's gradients", async () => {
  const layer = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 1 }))
        .map(([n, p]) => conv(n, 3, { padding: p })),
    },
    fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 2 }))
      .map(([n, k, s]) => conv(n, k, { stride: s, padding: k >> 1 })),
    { weight: 3, arbitrary: fc.constant(relu()) },
    fc.constantFrom<Layer>(tanh(), gelu(), sigmoid(), batchNorm()),
    fc.integer({ min: 2, max: 3 }).map((size) => maxPool(size, { stride: 2 })),
    fc.constant(averagePool(2)),
  );
  const network = fc.record({
    body: fc.array(layer, { minLength: 2, maxLength: 6 }),
    input: fc.record({
      channels: fc.integer({ min: 1, max: 12 }),
      height: fc.integer({ min: 4, max: 18 }),
      width: fc.integer({ min: 4, max: 18 }),
    }),
    rows: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(network, async ({ body, input: size, rows }) => {
      const options = complete({
        layers: [conv(8, 3, { padding: 1 }), ...body, dense(5)],
        input: size,
        rows,
        batch: 4,
      });
      fc.pre(fits(options));
      expect(await compareWithGraph(options, [false])).toEqual([]);
    }),
    { numRuns: 25, seed: 7 },
  );
});

test("with dropout everywhere the gradient is the slope of the loss along it", async () => {
  const layers = [
    conv(8, 3),
    relu(),
    dropout(0.25),
    conv(12, 3),
    relu(),
    maxPool(2),
    dropout(0.25),
    dense(9),
    dropout(0.5),
    dense(5),
  ];
  const step = await open({ layers, input: input(1, 14, 14), rows: 8, batch: 8 });
  const run = { seed: 5, train: true };
  await step.run(run);
  const direction = step.gradients.slice();
  const start = step.parameters.slice();
  const square = direction.reduce((sum, value) => sum + value * value, 0);
  const reach = 2e-3 / Math.sqrt(square);
  const lossAt = async (by: number): Promise<number> => {
    step.parameters.set(start.map((value, k) => value + by * direction[k]!));
    return step.run(run);
  };
  const slope = ((await lossAt(reach)) - (await lossAt(-reach))) / (2 * reach);
  expect(slope / square).toBeGreaterThan(0.99);
  expect(slope / square).toBeLessThan(1.01);
});

test("the seed draws the masks: the same gives the same bits, another other ones, and training differs from serving", async () => {
  const network = {
    layers: [conv(8, 3), relu(), conv(8, 3), relu(), maxPool(2), dropout(0.5), dense(9), dropout(0.5), dense(5)],
    input: input(1, 12, 12),
  };
  const [one, other] = [await open(network), await open(network)];
  const runOnce = async (step: Step, seed: number, train = true): Promise<Float32Array> => {
    await step.run({ seed, train });
    return step.gradients.slice();
  };
  const first = await runOnce(one, 3);
  const seventh = await runOnce(one, 7);
  expect(await runOnce(other, 3)).toEqual(first);
  expect(await runOnce(one, 3)).toEqual(first);
  expect(seventh).not.toEqual(first);
  expect(await runOnce(one, 3, false)).toEqual(await runOnce(one, 7, false));
});

test("what was loaded is saved, padding is zero and stays so, scratch is the caller's", async () => {
  const options = complete({ ...networks["channels that are no multiples of 4"]!, scratch: 100 });
  const step = await open(options);
  const initial = createInitialParameters(planNetwork(options), 1);
  expect(step.save()).toEqual(initial);
  expect(step.parameters.length % 16).toBe(0);
  const learned = initial.reduce((sum, { data }) => sum + data.length, 0);
  expect(step.parameters.filter((value) => value !== 0).length).toBe(learned);
  step.scratch.fill(9);
  await step.run({ seed: 1, train: true });
  expect(step.gradients.filter((value, k) => value !== 0 && step.parameters[k] === 0).length).toBe(0);
  expect(step.scratch.every((value) => value === 9)).toBe(true);
  expect(step.scratch.length).toBe(100);
  for (const array of [step.parameters, step.gradients, step.scratch]) {
    expect(array.buffer).toBe(step.memory!.buffer);
    expect(array.byteOffset % 64).toBe(0);
    expect(array.byteOffset).toBeGreaterThanOrEqual(65_536);
  }
});

test("a network without convolutions, and one too large for WASM's memory, are left to the graph", async () => {
  expect(await createFastStep(complete({ layers: [dense(8), relu(), dense(5)], input: input(1, 8, 8) }))).toBe(
    undefined,
  );
  const large = {
    layers: [conv(64, 3), relu(), conv(64, 3), dense(5)],
    input: input(3, 600, 600),
    rows: 64,
    batch: 64,
  };
  expect(await createFastStep(complete(large))).toBe(undefined);
});

test("weights that became NaN show in the loss", async () => {
  const step = await open(networks["the digits example's kind"]!);
  const broken = step.save();
  broken[0]!.data.fill(Number.NaN);
  step.load(broken);
  expect(await step.run({ seed: 1, train: true })).toBe(Number.NaN);
});

test("parameters of another network are refused by name", async () => {
  const step = await open(networks["the digits example's kind"]!);
  expect(() => step.load(step.save().slice(1))).toThrow("conv1.weight: missing, wanted shape [8, 1, 3, 3]");
});

async function open(network: Network): Promise<Step> {
  const options = complete(network);
  const step = await createFastStep(options);
  if (step === undefined) throw new TypeError("the fast step does not take this network");
  prepare(step, options);
  return step;
}

/** The same parameters and rows for every step of the same options. */
function prepare(step: Step, options: StepOptions): void {
  step.load(createInitialParameters(planNetwork(options), 1));
  for (let k = 0; k < step.input.length; k++) step.input[k] = Math.abs(Math.sin(k * 12.9898) * 43_758.5453) % 1;
  for (let row = 0; row < options.rows; row++) step.targets[row] = BigInt((row * 2) % options.classes);
}

/** What differs, in words; relative to the largest of each gradient. */
async function compareWithGraph(options: StepOptions, trains: readonly boolean[]): Promise<string[]> {
  const [fast, graph] = [await open(options), await createGraphStep(options)];
  prepare(graph, options);
  const faults: string[] = [];
  for (const train of trains) {
    const [loss, wanted] = [await fast.run({ seed: 1, train }), await graph.run({ seed: 1, train })];
    if (!(Math.abs(loss - wanted) < 1e-4 * (1 + Math.abs(wanted)))) faults.push(`loss ${loss}, wanted ${wanted}`);
    const [ours, theirs] = [gradientsOf(fast), gradientsOf(graph)];
    const most = Math.max(...theirs.map(({ data }) => largest(data)));
    for (const [index, { name, data }] of ours.entries()) {
      const reference = theirs[index]!.data;
      const error = largest(data.map((value, k) => value - reference[k]!));
      // A bias before a batch norm has no gradient: what is there is rounding.
      if (!(error < 1e-3 * Math.max(largest(reference), 1e-2 * most)))
        faults.push(`${name}: off by ${error} of ${largest(reference)}`);
    }
    const drift = largest(fast.statistics.map((value, k) => value - graph.statistics[k]!));
    if (!(drift < 1e-5)) faults.push(`statistics: off by ${drift}`);
  }
  await fast.release();
  await graph.release();
  return faults;
}

/** The gradients in ONNX's layout. */
function gradientsOf(step: Step): NamedParameter[] {
  const parameters = step.parameters.slice();
  step.parameters.set(step.gradients);
  const gradients = step.save();
  step.parameters.set(parameters);
  return gradients;
}

const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Whether no layer shrinks the image to nothing. */
function fits(options: StepOptions): boolean {
  try {
    planNetwork(options);
    return true;
  } catch {
    // Refused for its shape: not a network, so nothing to compare.
    return false;
  }
}
