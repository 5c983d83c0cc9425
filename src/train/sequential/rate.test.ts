import { expect, test } from "vitest";
import { constant, cosine, oneCycle, stepDecay } from "../schedules.ts";
import type { Schedule } from "../types.ts";
import { rateFactor } from "./rate.ts";

const length = { epochSteps: 10, steps: 101 };
const at = (schedule: Schedule, ...steps: number[]): number[] =>
  steps.map((step) => Number(rateFactor(schedule, step, length).toFixed(6)));

test("constant is the rate itself", () => {
  expect(at(constant(), 0, 50, 100)).toEqual([1, 1, 1]);
});

test("cosine falls from the full rate at the first step to the floor at the last", () => {
  expect(at(cosine(), 0, 25, 50, 75, 100)).toEqual([1, 0.853553, 0.5, 0.146447, 0]);
  expect(at(cosine({ floor: 0.2 }), 0, 50, 100)).toEqual([1, 0.6, 0.2]);
});

test("cosine rises linearly over its warm-up, and no step is without effect", () => {
  expect(at(cosine({ warmupEpochs: 1 }), 0, 4, 9, 10, 55, 100)).toEqual([0.090909, 0.454545, 0.909091, 1, 0.5, 0]);
  expect(at(cosine({ warmupEpochs: 1000 }), 0, 99, 100)).toEqual([0.009901, 0.990099, 0]);
});

test("step decay multiplies every so many epochs", () => {
  expect(at(stepDecay({ everyEpochs: 2, factor: 0.1 }), 0, 19, 20, 39, 40)).toEqual([1, 1, 0.1, 0.1, 0.01]);
});

test("one cycle rises to the full rate and falls to its end", () => {
  expect(at(oneCycle({ peakAt: 0.3, startFactor: 0.04, endFactor: 0 }), 0, 15, 30, 65, 100)).toEqual([
    0.04, 0.52, 1, 0.5, 0,
  ]);
});

test("a run of one step has a rate", () => {
  for (const schedule of [constant(), cosine(), stepDecay(), oneCycle()]) {
    expect(rateFactor(schedule, 0, { epochSteps: 1, steps: 1 })).toBeGreaterThan(0);
  }
});
