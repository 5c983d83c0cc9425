/** @file Gradients of whole networks against PyTorch's in float64. The numbers are made by test/golden/gradients/generate.py. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { product } from "../graph/build.ts";
import { createSession, type PlainTensor } from "../graph/run.ts";
import { writeModel } from "../onnx/write.ts";
import type { Layer, Loss } from "./layers.ts";
import { planNetwork } from "./network.ts";
import { buildTrainingGraph } from "./training-graph.ts";

interface Golden {
  name: string;
  layers: Layer[];
  loss: Loss;
  input: [channels: number, height: number, width: number];
  classes: number;
  rows: number;
  batch: number;
  /** In 64ths, as the parameters and the statistics. */
  image: number[];
  targets: number[];
  parameters: Record<string, number[]>;
  statistics: Record<string, number[]>;
  masks: Record<string, number[]>;
  wanted: { loss: number; gradients: Record<string, number[]>; statistics: Record<string, number[]> };
}

const networks = JSON.parse(
  readFileSync(new URL("../../test/golden/gradients/networks.json", import.meta.url), "utf8"),
) as Golden[];

describe("gradients are PyTorch's", () => {
  test.for(networks)("$name", async (golden) => {
    const results = await run(golden);
    const { wanted } = golden;
    expect(results["loss"]?.[0]).toBeCloseTo(wanted.loss, 6);
    const expected = {
      ...prefixed("gradient.", wanted.gradients),
      ...prefixed("new.", wanted.statistics),
    };
    expect(Object.keys(results).toSorted()).toEqual(["loss", ...Object.keys(expected)].toSorted());
    // A bias before a batch norm has no gradient but rounding: nothing is compared finer than 1 % of the network's largest.
    const least = 0.01 * Math.max(...Object.values(expected).map(largest));
    const distances = Object.entries(expected).map(
      ([name, values]) => [name, distance(results[name] ?? [], values, least)] as const,
    );
    expect(distances.filter(([, share]) => !(share < 1e-5))).toEqual([]);
  });
});

async function run(golden: Golden): Promise<Record<string, ArrayLike<number>>> {
  const [channels, height, width] = golden.input;
  const plan = planNetwork({ ...golden, input: { channels, height, width } });
  const { model, masks } = buildTrainingGraph(plan, { ...golden, train: true, imageGradient: true });
  const session = await createSession(writeModel(model), { name: golden.name });
  const feeds: Record<string, PlainTensor> = {
    image: { type: "float32", shape: [golden.rows, ...golden.input], data: sixtyFourths(golden.image) },
    targets: { type: "int64", shape: [golden.rows], data: BigInt64Array.from(golden.targets, BigInt) },
  };
  for (const { name, shape } of [...plan.parameters, ...plan.statistics]) {
    feeds[name] = {
      type: "float32",
      shape,
      data: sixtyFourths(golden.parameters[name] ?? golden.statistics[name] ?? []),
    };
  }
  for (const [name, shape] of masks) {
    expect(golden.masks[name]).toHaveLength(product(shape));
    feeds[name] = { type: "uint8", shape, data: Uint8Array.from(golden.masks[name] ?? []) };
  }
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

/** The largest difference, as a share of the largest value or of `least`. */
function distance(seen: ArrayLike<number>, wanted: readonly number[], least: number): number {
  expect(seen).toHaveLength(wanted.length);
  return largest(wanted.map((value, index) => value - (seen[index] ?? Number.NaN))) / Math.max(least, largest(wanted));
}

function largest(values: readonly number[]): number {
  return Math.max(...values.map(Math.abs));
}

function sixtyFourths(values: readonly number[]): Float32Array {
  return Float32Array.from(values, (value) => value / 64);
}

function prefixed<T>(prefix: string, values: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}
