import { expect, test } from "vitest";
import { distance, smooth } from "./smooth.ts";

const line = Array.from({ length: 11 }, (_, at) => ({ x: at, y: 5 }));

test("a straight line stays straight and keeps its ends", () => {
  const curve = smooth(line);
  expect(curve.at(0)).toEqual({ x: 0, y: 5 });
  expect(curve.at(-1)).toEqual({ x: 10, y: 5 });
  for (const { y } of curve) expect(y).toBeCloseTo(5, 9);
});

test("points lie close together wherever the hand was quick", () => {
  const curve = smooth([
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 10, y: 10 },
    { x: 0, y: 10 },
  ]);
  for (const [at, point] of curve.slice(1).entries()) expect(distance(curve[at]!, point)).toBeLessThan(0.6);
});

test("jitter is averaged away", () => {
  const shaky = line.map(({ x, y }, at) => ({ x, y: y + (at % 2 === 0 ? 0.5 : -0.5) }));
  const inner = smooth(shaky).slice(5, -5);
  expect(Math.max(...inner.map(({ y }) => Math.abs(y - 5)))).toBeLessThan(0.2);
});

test("one point is a dot, and a hand that rests adds nothing", () => {
  expect(smooth([{ x: 3, y: 4 }])).toEqual([{ x: 3, y: 4 }]);
  expect(smooth(Array.from({ length: 50 }, () => ({ x: 3, y: 4 })))).toEqual([{ x: 3, y: 4 }]);
  expect(smooth([])).toEqual([]);
});
