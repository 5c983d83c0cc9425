import { expect, test } from "vitest";
import { plot, seriesOf } from "./curve.ts";

test("a history becomes one series a number", () => {
  const { epochs, series } = seriesOf([
    { epoch: 1, loss: 0.9, note: "warm-up" },
    { epoch: 2, loss: 0.4, accuracy: 0.9 },
  ]);
  expect(epochs).toEqual([1, 2]);
  expect(series).toEqual([
    { name: "loss", values: [0.9, 0.4] },
    { name: "accuracy", values: [Number.NaN, 0.9] },
  ]);
});

test("records without an epoch are counted from one", () => {
  expect(seriesOf([{ loss: 1 }, { loss: 0.5 }]).epochs).toEqual([1, 2]);
  expect(seriesOf([])).toEqual({ epochs: [], series: [] });
});

test("a curve spans its box; missing values leave no point", () => {
  const { points, low, high } = plot([1, 2, 3], [0.9, Number.NaN, 0.1], { width: 100, height: 50 });
  expect(points).toEqual([
    { x: 0, y: 0, epoch: 1, value: 0.9 },
    { x: 100, y: 50, epoch: 3, value: 0.1 },
  ]);
  expect([low, high]).toEqual([0.1, 0.9]);
});

test("one epoch, or a flat line, lies in the middle", () => {
  expect(plot([1], [0.5], { width: 100, height: 50 }).points).toEqual([{ x: 50, y: 25, epoch: 1, value: 0.5 }]);
  expect(plot([1, 2], [3, 3], { width: 100, height: 50 }).points.map(({ y }) => y)).toEqual([25, 25]);
});
