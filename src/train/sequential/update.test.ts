import { expect, test } from "vitest";
import { loadKernels } from "../../kernels/load.ts";
import { adadelta, adam, adamW, sgd } from "../optimizers.ts";
import type { Optimizer } from "../types.ts";
import { createExchange } from "./exchange.ts";
import type { LoopExports } from "./kernels.ts";
import { createRoom } from "./kernels.ts";
import { createShared } from "./shared.ts";
import { settingsAt, stateCount, updateSlice } from "./update.ts";

const optimizers: [name: string, optimizer: Optimizer][] = [
  ["sgd", sgd({ rate: 0.1 })],
  ["sgd with momentum and decay", sgd({ rate: 0.05, momentum: 0.9, weightDecay: 0.01 })],
  ["sgd with Nesterov's momentum", sgd({ rate: 0.05, momentum: 0.8, nesterov: true })],
  ["adadelta", adadelta({ rate: 1 })],
  ["adadelta with decay", adadelta({ rate: 0.5, decay: 0.95, weightDecay: 0.1 })],
  ["adam", adam({ rate: 0.01 })],
  ["adam with decay", adam({ rate: 0.01, weightDecay: 0.1 })],
  ["adamW", adamW({ rate: 0.01, weightDecay: 0.1 })],
];

const length = 64;
const steps = 7;
/** Gradients of very different sizes, the same for all. */
const gradientAt = (step: number, i: number): number => Math.fround(Math.sin(3 * step + i) * 10 ** ((i % 9) - 6));
const parameterAt = (i: number): number => Math.fround(Math.cos(i) * 2);

test.each(optimizers)("%s: the reference follows the formula in float64", (_, optimizer) => {
  const seen = runReference(optimizer);
  const wanted = runFormula(optimizer);
  for (let i = 0; i < length; i++) expect(Math.abs((seen[i] ?? 0) - (wanted[i] ?? 0))).toBeLessThan(4e-6);
});

test.each(optimizers)("%s: the kernel gives the reference's bits", async (_, optimizer) => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const at = (part: number): Float32Array => new Float32Array(memory.buffer, 65_536 + part * length * 4, length);
  const kernels = { exports: await loadKernels<LoopExports>(memory), memory };
  const step = { ...emptyStep, parameters: at(0), gradients: at(1), scratch: at(2).subarray(0, 0), memory };
  const scratch = new Float32Array(memory.buffer, 65_536 + 2 * length * 4, 6 * length);
  const shared = createShared({ workers: 1, parameters: length, states: stateCount(optimizer), statistics: 0 });
  const exchange = createExchange(step, shared, 0, optimizer, kernels, createRoom({ ...step, scratch }));
  step.parameters.set(Float32Array.from({ length }, (_each, i) => parameterAt(i)));
  for (let time = 1; time <= steps; time++) {
    for (let i = 0; i < length; i++) step.gradients[i] = gradientAt(time, i);
    exchange.update(1 / time, time);
  }
  expect([...step.parameters]).toEqual([...runReference(optimizer)]);
  expect([...shared.parameters]).toEqual([...step.parameters]);
});

test("gradients of another shard are added", async () => {
  for (const [, optimizer] of optimizers) {
    const run = (others: boolean): Float32Array => {
      const states = Array.from({ length: 2 }, () => new Float32Array(16));
      const parameters = new Float32Array(16).fill(0.5);
      const gradients = new Float32Array(16).fill(others ? 0.25 : 0.75);
      const slice = { parameters, gradients, others: others ? new Float32Array(16).fill(0.5) : undefined, states };
      updateSlice(slice, settingsAt(optimizer, 1, 1));
      return parameters;
    };
    expect(run(true)).toEqual(run(false));
  }
});

test("numbers too small to matter are forgotten, numbers that are none are not", () => {
  const states = [Float32Array.of(1e-35, Number.NaN), new Float32Array(2)];
  const slice = { parameters: new Float32Array(2), gradients: new Float32Array(2), states };
  updateSlice(slice, settingsAt(adadelta(), 1, 1));
  expect([...(states[0] ?? [])]).toEqual([0, Number.NaN]);
});

const emptyStep = {
  rows: 1,
  statistics: new Float32Array(0),
  input: new Float32Array(0),
  targets: new BigInt64Array(0),
  run: async () => 0,
  load: () => {},
  save: () => [],
  release: async () => {},
};

function runReference(optimizer: Optimizer): Float32Array {
  const parameters = Float32Array.from({ length }, (_, i) => parameterAt(i));
  const gradients = new Float32Array(length);
  const states = Array.from({ length: stateCount(optimizer) }, () => new Float32Array(length));
  for (let time = 1; time <= steps; time++) {
    for (let i = 0; i < length; i++) gradients[i] = gradientAt(time, i);
    updateSlice({ parameters, gradients, states }, settingsAt(optimizer, 1 / time, time));
  }
  return parameters;
}

/** The papers' and PyTorch's formulas, one number at a time in float64; written apart from what they check. */
function runFormula(optimizer: Optimizer): number[] {
  return Array.from({ length }, (_, i) => {
    let p = parameterAt(i);
    let [a, b] = [0, 0];
    for (let t = 1; t <= steps; t++) {
      const rate = optimizer.rate / t;
      let g = gradientAt(t, i);
      if (optimizer.kind === "adamW") p -= rate * optimizer.weightDecay * p;
      else g += optimizer.weightDecay * p;
      if (optimizer.kind === "sgd") {
        a = optimizer.momentum * a + g;
        p -= rate * (optimizer.nesterov ? g + optimizer.momentum * a : a);
      } else if (optimizer.kind === "adadelta") {
        a = optimizer.decay * a + (1 - optimizer.decay) * g ** 2;
        const delta = (Math.sqrt(b + optimizer.epsilon) / Math.sqrt(a + optimizer.epsilon)) * g;
        b = optimizer.decay * b + (1 - optimizer.decay) * delta ** 2;
        p -= rate * delta;
      } else {
        a = optimizer.beta1 * a + (1 - optimizer.beta1) * g;
        b = optimizer.beta2 * b + (1 - optimizer.beta2) * g ** 2;
        const mean = a / (1 - optimizer.beta1 ** t);
        const square = b / (1 - optimizer.beta2 ** t);
        p -= (rate * mean) / (Math.sqrt(square) + optimizer.epsilon);
      }
    }
    return p;
  });
}
