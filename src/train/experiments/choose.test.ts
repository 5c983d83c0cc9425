import { expect, test } from "vitest";
import { experiments, forest } from "../index.ts";
import { chooseExperiment, type ExperimentOutcome } from "./choose.ts";

const trainers = [forest({ trees: 50, depth: 3 }), forest({ trees: 100, depth: 5 }), forest({ trees: 200, depth: 8 })];
const trained = (metrics: Record<string, number>): ExperimentOutcome => ({
  parameters: { trees: 1 },
  seed: 7,
  metrics,
});
const judge = (values: readonly number[], metric = "accuracy", judged = true) =>
  chooseExperiment(
    experiments(trainers, { metric }),
    values.map((value) => trained({ [metric]: value })),
    judged,
  ).best;

test("the best by the metric, of equals the first", () => {
  expect(judge([0.5, 0.6, 0.6])).toBe(1);
  expect(judge([0.5, 0.6, 0.6], "loss")).toBe(0);
  expect(judge([0.5, Number.POSITIVE_INFINITY, 0.6])).toBe(1);
});

test("the first where nothing was validated: nothing can be said of them", () => {
  expect(judge([Number.NaN, 0.6], "accuracy", false)).toBe(0);
});

test("all that was found out is kept, in the order of the trainers", () => {
  const outcomes = [trained({ accuracy: 0.4 }), trained({ accuracy: 0.7 })];
  expect(chooseExperiment(experiments(trainers.slice(1)), outcomes, true).parameters).toEqual({
    experiments: [
      { trainer: "forest", parameters: { trees: 1 }, seed: 7, metrics: { accuracy: 0.4 } },
      { trainer: "forest", parameters: { trees: 1 }, seed: 7, metrics: { accuracy: 0.7 } },
    ],
    best: 1,
    metric: "accuracy",
    better: "higher",
    validation: 0.2,
  });
});

test("one that failed is no candidate, and not forgotten", () => {
  const outcomes = [{ failed: "no memory" }, trained({ accuracy: 0.1 }), { failed: "no luck" }];
  const { best, parameters } = chooseExperiment(experiments(trainers), outcomes, true);
  expect(best).toBe(1);
  expect(parameters["experiments"]).toMatchObject([
    { trainer: "forest", failed: "no memory" },
    { metrics: { accuracy: 0.1 } },
    { trainer: "forest", failed: "no luck" },
  ]);
  expect(chooseExperiment(experiments(trainers), outcomes, false).best).toBe(1);
});

test.each([{}, { accuracy: Number.NaN }])("%o is no measure of the metric", (metrics: Record<string, number>) => {
  const outcomes = [trained({ accuracy: 0.5 }), trained(metrics)];
  expect(() => chooseExperiment(experiments(trainers), outcomes, true)).toThrow("judged by accuracy");
});
