/** @file The detector's loss against PyTorch's in float64. The numbers are made by test/golden/detector/loss.py. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writeModel } from "../../onnx/write.ts";
import { apply, createTape, differentiate } from "../autodiff.ts";
import { addInput, addOutput, at, createGraph, scalar, toModel } from "../build.ts";
import { createSession, type PlainTensor } from "../run.ts";
import { multiboxLoss } from "./multibox.ts";

interface Numbers {
  rows: number;
  anchors: number;
  classes: number;
  negatives: number;
  scale: number;
  /** In 64ths. */
  loc: number[];
  conf: number[];
  offsets: number[];
  targets: number[];
}

interface Golden extends Numbers {
  wanted: { loss: number; loc: number[]; conf: number[] };
}

const cases = JSON.parse(
  readFileSync(new URL("../../../test/golden/detector/loss.json", import.meta.url), "utf8"),
) as Golden[];

describe("loss and gradients are PyTorch's", () => {
  test.for(cases)("$rows images of $anchors anchors, $classes classes", async ({ wanted, ...numbers }) => {
    const { loss, loc, conf } = await run(numbers);
    expect(loss[0]).toBeCloseTo(wanted.loss, 5);
    expect(distance(loc, wanted.loc)).toBeLessThan(1e-6);
    expect(distance(conf, wanted.conf)).toBeLessThan(1e-6);
  });
});

test("shards of a batch add up to it", async () => {
  const [whole] = cases as [Golden];
  const row = ({ loc, conf, offsets, targets, anchors, classes, ...rest }: Golden, index: number): Numbers => {
    const part = (values: number[], width: number) => values.slice(index * width, (index + 1) * width);
    return {
      ...rest,
      anchors,
      classes,
      rows: 1,
      loc: part(loc, anchors * 4),
      conf: part(conf, anchors * classes),
      offsets: part(offsets, anchors * 4),
      targets: part(targets, anchors),
    };
  };
  const parts = await Promise.all([0, 1, 2].map((index) => run(row(whole, index))));
  expect(parts.reduce((sum, { loss }) => sum + Number(loss[0]), 0)).toBeCloseTo(whole.wanted.loss, 5);
  expect(
    distance(
      parts.flatMap(({ conf }) => [...conf]),
      whole.wanted.conf,
    ),
  ).toBeLessThan(1e-6);
});

test("where it is sure of the background and right about the boxes, next to nothing is lost", async () => {
  const anchors = 4;
  const conf = [0, 0, 1, 0].flatMap((label) => (label === 1 ? [0, 1280] : [1280, 0]));
  const loc = Array.from({ length: anchors * 4 }, (_, index) => index);
  const { loss, loc: slope } = await run({
    rows: 1,
    anchors,
    classes: 2,
    negatives: 3,
    scale: 1,
    loc,
    conf,
    offsets: loc,
    targets: [0, 0, 1, 0],
  });
  expect(loss[0]).toBeLessThan(1e-6);
  expect([...slope]).toEqual(loc.map(() => 0));
});

async function run(numbers: Numbers): Promise<{ loss: Float32Array; loc: Float32Array; conf: Float32Array }> {
  const { rows, anchors, classes, negatives, scale } = numbers;
  const graph = createGraph("loss");
  const tape = createTape(graph, { training: true });
  const loc = addInput(graph, "loc", "float32", [rows, anchors, 4]);
  const conf = addInput(graph, "conf", "float32", [rows, anchors, classes]);
  const targets = addInput(graph, "targets", "int64", [rows, anchors]);
  const offsets = addInput(graph, "offsets", "float32", [rows, anchors, 4]);
  const factor = addInput(graph, "scale", "float32", []);
  const loss = at(apply(tape, multiboxLoss, [loc, conf, targets, offsets, factor], { negatives }), 0);
  const gradients = differentiate(tape, loss, scalar(graph, 1), [loc, conf]);
  addOutput(graph, "loss", loss);
  addOutput(graph, "gradient.loc", at(gradients, 0));
  addOutput(graph, "gradient.conf", at(gradients, 1));
  const session = await createSession(writeModel(toModel(graph)), { name: "loss" });
  const floats = (values: readonly number[], shape: number[]): PlainTensor => ({
    type: "float32",
    shape,
    data: Float32Array.from(values, (value) => value / 64),
  });
  const results = await session.run({
    loc: floats(numbers.loc, [rows, anchors, 4]),
    conf: floats(numbers.conf, [rows, anchors, classes]),
    offsets: floats(numbers.offsets, [rows, anchors, 4]),
    targets: { type: "int64", shape: [rows, anchors], data: BigInt64Array.from(numbers.targets, BigInt) },
    scale: { type: "float32", shape: [], data: Float32Array.of(scale) },
  });
  await session.release();
  const read = (name: string) => results[name]?.data as Float32Array;
  return { loss: read("loss"), loc: read("gradient.loc"), conf: read("gradient.conf") };
}

function distance(seen: ArrayLike<number>, wanted: readonly number[]): number {
  expect(seen).toHaveLength(wanted.length);
  return Math.max(...wanted.map((value, index) => Math.abs(value - (seen[index] ?? Number.NaN))));
}
