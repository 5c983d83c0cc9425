import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { networkTooLarge, parameterMismatch } from "../model/errors.ts";
import { createInitialParameters } from "../model/initial.ts";
import {
  batchNorm,
  conv,
  crossEntropy,
  dense,
  dropout,
  type Layer,
  maxPool,
  meanSquaredError,
  relu,
} from "../model/layers.ts";
import { planNetwork } from "../model/network.ts";
import { createGraphStep } from "./graph-step.ts";
import type { Step, StepOptions } from "./step.ts";

const layers = [conv(5, 3), relu(), maxPool(2), dropout(0.25), dense(9), relu(), dropout(0.5), dense(3)];
const options: StepOptions = {
  layers,
  loss: crossEntropy(),
  input: { channels: 2, height: 8, width: 8 },
  classes: 3,
  rows: 4,
  batch: 4,
  scratch: 10,
};

describe("a graph step", () => {
  test("lays everything out in one memory, aligned, and gives back the parameters it was given", async () => {
    const step = await open(options);
    const { memory, parameters, gradients, scratch } = step;
    for (const array of [parameters, gradients, scratch]) {
      expect(array.buffer).toBe(memory?.buffer);
      expect(array.byteOffset % 64).toBe(0);
    }
    expect(parameters.byteOffset).toBeGreaterThanOrEqual(65_536);
    expect([parameters.length % 16, gradients.length, scratch.length]).toEqual([0, parameters.length, 10]);
    expect(step.save()).toEqual(initial(options));
    await step.release();
  });

  test("learns its rows by plain gradient descent", async () => {
    for (const [loss, rate] of [
      [crossEntropy(), 0.1],
      [meanSquaredError(), 1],
    ] as const) {
      const step = await open({ ...options, loss });
      const before = await step.run({ seed: 0, train: false });
      for (let seed = 1; seed <= 150; seed++) {
        await step.run({ seed, train: true });
        for (let i = 0; i < step.parameters.length; i++)
          step.parameters[i] = (step.parameters[i] ?? 0) - rate * (step.gradients[i] ?? 0);
      }
      expect(await step.run({ seed: 0, train: false })).toBeLessThan(before / 10);
      await step.release();
    }
  });

  test("gives the same result for the same seed, another mask for another, and none without training", async () => {
    const step = await open(options);
    const run = async (seed: number, train: boolean): Promise<[number, Float32Array]> => [
      await step.run({ seed, train }),
      step.gradients.slice(),
    ];
    const first = await run(7, true);
    expect(await run(7, true)).toEqual(first);
    expect((await run(8, true))[1]).not.toEqual(first[1]);
    expect(await run(7, false)).toEqual(await run(8, false));
    await step.release();
  });

  test("shards of a batch add up to the batch", async () => {
    // Nothing is dropped, so that shards and batch see the same.
    const plain = { ...options, layers: layers.filter(({ kind }) => kind !== "dropout") };
    const whole = await open(plain);
    const loss = await whole.run({ seed: 1, train: true });
    const sums = new Float32Array(whole.gradients.length);
    let sum = 0;
    for (const shard of [0, 1]) {
      const part = await open({ ...plain, rows: 2 }, 2 * shard);
      sum += await part.run({ seed: 1, train: true });
      part.gradients.forEach((value, i) => (sums[i] = (sums[i] ?? 0) + value));
      await part.release();
    }
    expect(sum).toBeCloseTo(loss, 5);
    const largest = Math.max(...whole.gradients.map(Math.abs));
    expect(Math.max(...whole.gradients.map((value, i) => Math.abs(value - (sums[i] ?? 0)))) / largest).toBeLessThan(
      1e-5,
    );
    await whole.release();
  });

  test("keeps running statistics of a batch norm in training, and reads them without", async () => {
    const step = await open({ ...options, layers: [batchNorm({ momentum: 0.5 }), dense(3)] });
    expect(step.statistics).toEqual(Float32Array.of(0, 0, 1, 1));
    await step.run({ seed: 1, train: true });
    const channel = Array.from({ length: 4 * 64 }, (_, i) => step.input[Math.floor(i / 64) * 128 + (i % 64)] ?? 0);
    const mean = channel.reduce((all, value) => all + value) / channel.length;
    const variance = channel.reduce((all, value) => all + (value - mean) ** 2, 0) / (channel.length - 1);
    expect(step.statistics[0]).toBeCloseTo(mean / 2, 5);
    expect(step.statistics[2]).toBeCloseTo(0.5 + variance / 2, 5);
    const kept = step.statistics.slice();
    const loss = await step.run({ seed: 1, train: false });
    expect(step.statistics).toEqual(kept);
    step.statistics.fill(3);
    expect(await step.run({ seed: 1, train: false })).not.toBeCloseTo(loss, 3);
    await step.release();
  });

  test("a diverged network gives NaN, and no crash", async () => {
    const step = await open(options);
    step.parameters.fill(Number.NaN);
    expect(await step.run({ seed: 1, train: true })).toBeNaN();
    await step.release();
  });

  test("refuses parameters of other layers, and layers too large for one memory", async () => {
    const step = await open(options);
    const other = initial({ ...options, layers: [dense(3)] });
    expect(() => step.load(other)).toThrow(
      expect.objectContaining({
        code: parameterMismatch.code,
        message: "conv1.weight: missing, wanted [5, 2, 3, 3]",
      }) as Error,
    );
    await step.release();
    const large: Layer[] = [dense(65_536), dense(65_536), dense(3)];
    await expect(createGraphStep({ ...options, layers: large })).rejects.toMatchObject({ code: networkTooLarge.code });
  });

  test("runs in several workers at once", async () => {
    const source = `
      import { parentPort } from "node:worker_threads";
      import { createGraphStep } from ${JSON.stringify(new URL("graph-step.ts", import.meta.url).href)};
      const step = await createGraphStep(${JSON.stringify(options)});
      step.parameters.fill(0.01);
      for (let i = 0; i < 20; i++) await step.run({ seed: 1, train: true });
      parentPort.postMessage(await step.run({ seed: 1, train: true }));
      await step.release();
    `;
    const results = await Promise.all(
      [0, 1, 2].map(
        () =>
          new Promise<unknown>((resolve, reject) => {
            const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
            worker.once("error", reject);
            worker.once("message", resolve);
          }),
      ),
    );
    expect(new Set(results).size).toBe(1);
    expect(results[0]).toBeCloseTo(Math.log(3), 3);
  });
});

/** With the initial parameters of one seed, and the same rows each time, from `firstRow` on. */
async function open(wanted: StepOptions, firstRow = 0): Promise<Step> {
  const step = await createGraphStep(wanted);
  step.load(initial(wanted));
  const size = step.input.length / wanted.rows;
  for (let i = 0; i < step.input.length; i++)
    step.input[i] = (Math.imul(i + firstRow * size, 0x9e3779b1) >>> 0) / 2 ** 32;
  for (let i = 0; i < wanted.rows; i++) step.targets[i] = BigInt((i + firstRow) % 3);
  return step;
}

function initial(wanted: StepOptions): ReturnType<typeof createInitialParameters> {
  return createInitialParameters(planNetwork(wanted), 5);
}
