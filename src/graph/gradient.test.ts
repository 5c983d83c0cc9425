/** @file Every operator's gradient against finite differences of its forward graph, both run by onnxruntime. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writeModel } from "../onnx/write.ts";
import { apply, createTape, differentiate } from "./autodiff.ts";
import {
  addInput,
  addNode,
  addOutput,
  at,
  createGraph,
  indices,
  int,
  product,
  type Spec,
  toModel,
  type Value,
} from "./build.ts";
import * as ops from "./ops/index.ts";
import type { Op } from "./ops/index.ts";
import { createSession, type PlainTensor } from "./run.ts";

/** An operator with inputs of fixed shape. `smooth` inputs are varied; the others are fixed numbers that it needs besides. */
interface Case {
  op: Op<unknown>;
  settings: unknown;
  smooth: number[][];
  fixed?: PlainTensor[];
  /** Keeps values apart where the function has kinks, so that no difference straddles one. */
  apart?: boolean;
}

const side = (least: number) => fc.integer({ min: least, max: least + 4 });
const step = fc.integer({ min: 1, max: 3 });
const small = fc.integer({ min: 1, max: 3 });

const convs = fc
  .record({
    n: small,
    c: fc.integer({ min: 1, max: 6 }),
    m: small,
    kernel: fc.tuple(small, small),
    stride: fc.tuple(step, step),
    padding: fc.tuple(fc.nat(3), fc.nat(3)),
  })
  .chain((parts) => fc.tuple(fc.constant(parts), side(parts.kernel[0]), side(parts.kernel[1])))
  .map(([{ n, c, m, kernel, stride, padding }, height, width]): Case => ({
    op: ops.conv,
    settings: { stride, padding },
    smooth: [[n, c, height, width], [m, c, ...kernel], [m]],
  }));

const pools = (op: Op<{ size: readonly [number, number]; stride: readonly [number, number] }>, apart: boolean) =>
  fc
    .record({ n: small, c: small, size: fc.tuple(small, small), stride: fc.tuple(step, step) })
    .chain((parts) => fc.tuple(fc.constant(parts), side(parts.size[0]), side(parts.size[1])))
    .map(([{ n, c, size, stride }, height, width]): Case => ({
      op: op,
      settings: { size, stride },
      smooth: [[n, c, height, width]],
      apart,
    }));

const images = fc.tuple(small, small, small, small).map((shape) => [...shape]);
const matrices = fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 })).map((shape) => [...shape]);

const elementwise = (op: Op<null>, apart = false) =>
  images.map((shape): Case => ({ op: op, settings: null, smooth: [shape], apart }));

const losses = (op: Op<{ rows: number }>) =>
  matrices.map(([rows = 1, classes = 1]): Case => ({
    op: op,
    settings: { rows: rows + 2 },
    smooth: [[rows, classes]],
    fixed: [
      { type: "int64", shape: [rows], data: BigInt64Array.from({ length: rows }, (_, row) => BigInt(row % classes)) },
    ],
  }));

/** The choice of the background's places is no smooth one: so many are taken that all are. */
const boxLosses = fc
  .tuple(small, fc.integer({ min: 2, max: 6 }), fc.integer({ min: 2, max: 4 }))
  .map(([rows, anchors, classes]): Case => ({
    op: ops.multiboxLoss,
    settings: { negatives: anchors },
    smooth: [
      [rows, anchors, 4],
      [rows, anchors, classes],
    ],
    fixed: [
      {
        type: "int64",
        shape: [rows, anchors],
        data: BigInt64Array.from({ length: rows * anchors }, (_, place) => BigInt((place * 5) % classes)),
      },
      {
        type: "float32",
        shape: [rows, anchors, 4],
        data: Float32Array.from({ length: rows * anchors * 4 }, (_, i) => ((i * 37) % 64) / 16 - 2),
      },
      { type: "float32", shape: [], data: Float32Array.of(1 / 3) },
    ],
  }));

const norms = (op: Op<{ epsilon: number; momentum: number }>) =>
  fc
    .oneof(
      images.map(([n = 1, c = 1, h = 1, w = 1]) => [n + 1, c, h + 1, w]),
      matrices,
    )
    .map((shape): Case => {
      const channels = shape[1] ?? 1;
      const running = (value: number): PlainTensor => ({
        type: "float32",
        shape: [channels],
        data: new Float32Array(channels).fill(value),
      });
      return {
        op: op,
        // Near-equal values bend the function too much for differences.
        apart: true,
        settings: { epsilon: 1e-2, momentum: 0.1 },
        smooth: [shape, [channels], [channels]],
        fixed: [running(0.2), running(0.8)],
      };
    });

const broadcasts = (op: Op<null>) =>
  fc
    .constantFrom<number[][][]>(
      [
        [2, 3, 4],
        [3, 1],
      ],
      [
        [2, 3],
        [2, 3],
      ],
      [
        [1, 3],
        [4, 1],
      ],
      [[4], [2, 1, 4]],
      [[2, 2], []],
    )
    .map((smooth): Case => ({ op: op, settings: null, smooth }));

describe("gradients agree with finite differences", () => {
  test.for<[string, fc.Arbitrary<Case>, number]>([
    ["conv", convs, 40],
    ["maxPool", pools(ops.maxPool, true), 25],
    ["averagePool", pools(ops.averagePool, false), 25],
    [
      "linear",
      fc
        .tuple(small, small, small)
        .map(([n, k, m]): Case => ({ op: ops.linear, settings: null, smooth: [[n, k], [m, k], [m]] })),
      10,
    ],
    ["relu", elementwise(ops.relu, true), 6],
    ["gelu", elementwise(ops.gelu), 6],
    ["sigmoid", elementwise(ops.sigmoid), 6],
    ["tanh", elementwise(ops.tanh), 6],
    ["softmax", matrices.map((shape): Case => ({ op: ops.softmax, settings: null, smooth: [shape] })), 6],
    ["softmaxCrossEntropy", losses(ops.softmaxCrossEntropy), 6],
    ["meanSquaredError", losses(ops.meanSquaredError), 6],
    ["multiboxLoss", boxLosses, 10],
    ["batchNorm", norms(ops.batchNorm), 15],
    ["frozenBatchNorm", norms(ops.frozenBatchNorm), 10],
    [
      "dropout",
      images.map((shape): Case => ({
        op: ops.dropout,
        settings: { rate: 0.25 },
        smooth: [shape],
        fixed: [{ type: "uint8", shape, data: Uint8Array.from({ length: product(shape) }, (_, i) => (i * 97) % 256) }],
      })),
      6,
    ],
    ["flatten", images.map((shape): Case => ({ op: ops.flatten, settings: null, smooth: [shape] })), 4],
    [
      "reshape",
      images.map((shape): Case => ({
        op: ops.reshape,
        settings: { shape: [product(shape)] },
        smooth: [shape],
      })),
      4,
    ],
    [
      "transpose",
      images.map((shape): Case => ({
        op: ops.transpose,
        settings: { axes: [2, 0, 3, 1] },
        smooth: [shape],
      })),
      4,
    ],
    ["add", broadcasts(ops.add), 5],
    ["sub", broadcasts(ops.sub), 5],
    ["mul", broadcasts(ops.mul), 5],
  ])("%s", async ([, cases, numRuns]) => {
    await fc.assert(
      fc.asyncProperty(cases, fc.integer({ min: 1, max: 1e9 }), async (one, seed) => {
        expect(await compare(one, seed)).toBeLessThan(2e-3);
      }),
      // Fixed: a difference is only nearly the gradient, and how nearly depends on the draw.
      { numRuns, seed: 1 },
    );
  });
});

describe("max pool", () => {
  const settings = [
    { size: [2, 2], stride: [2, 2] },
    { size: [3, 3], stride: [2, 2] },
  ] as const;

  test.for(settings)("ties go to the first place, $size.0×$size.1", async (setting) => {
    const spec: Spec = { type: "float32", shape: [1, 1, 5, 5] };
    const gradient = await pullBack(ops.maxPool, setting, spec, new Float32Array(25).fill(3), [1, 2, 3, 4]);
    expect(gradient).toEqual(placed(25, { 0: 1, 2: 2, 10: 3, 12: 4 }));
  });

  // A run that diverges is told by its loss; it must not write outside its memory before.
  test.for(settings)("a window of nothing but NaN or -Infinity stays inside, $size.0×$size.1", async (setting) => {
    const spec: Spec = { type: "float32", shape: [1, 1, 5, 5] };
    for (const value of [Number.NaN, -Infinity]) {
      const gradient = await pullBack(ops.maxPool, setting, spec, new Float32Array(25).fill(value), [1, 2, 3, 4]);
      expect(gradient).toEqual(placed(25, { 0: 1, 2: 2, 10: 3, 12: 4 }));
    }
  });
});

describe("differentiate", () => {
  test("adds up the gradients of a value used twice, and leaves out what it need not know", async () => {
    const graph = createGraph("twice");
    const tape = createTape(graph, { training: true });
    const [x, other] = [addInput(graph, "x", "float32", [2]), addInput(graph, "other", "float32", [2])];
    const squared = at(apply(tape, ops.mul, [x, x], null), 0);
    const sum = at(apply(tape, ops.add, [at(apply(tape, ops.mul, [squared, other], null), 0), x], null), 0);
    const [gradient] = differentiate(tape, sum, addInput(graph, "seed", "float32", [2]), [x]);
    if (gradient !== undefined) addOutput(graph, "gradient", gradient);
    const session = await createSession(writeModel(toModel(graph)), { name: "twice" });
    const row = (...values: number[]): PlainTensor => ({
      type: "float32",
      shape: [2],
      data: Float32Array.from(values),
    });
    const { gradient: seen } = await session.run({ x: row(3, -1), other: row(2, 5), seed: row(1, 10) });
    expect(seen?.data).toEqual(Float32Array.of(2 * 3 * 2 + 1, 10 * (2 * -1 * 5 + 1)));
    await session.release();
  });

  test("refuses a value that the result does not depend on", () => {
    const graph = createGraph("apart");
    const tape = createTape(graph, { training: true });
    const [x, y] = [addInput(graph, "x", "float32", [2]), addInput(graph, "y", "float32", [2])];
    const result = at(apply(tape, ops.relu, [x], null), 0);
    expect(() => differentiate(tape, result, x, [y])).toThrow(/does not depend on y/);
  });
});

/**
 * The largest difference between the gradient of Σ(weights · y) and (f(x + ε·d) - f(x - ε·d)) / 2ε over a few random directions d
 * for each input, as a share of the gradient's size along them.
 */
async function compare({ op, settings, smooth, fixed = [], apart = false }: Case, seed: number): Promise<number> {
  const random = generator(seed);
  const graph = createGraph("check");
  const tape = createTape(graph, { training: true });
  const variables = smooth.map((shape, index) => addInput(graph, `x${index}`, "float32", shape));
  const others = fixed.map(({ type, shape }, index) => addInput(graph, `fixed${index}`, type, shape));
  const y = at(apply(tape, op, [...variables, ...others], settings), 0);
  const seedValue = addInput(graph, "weights", "float32", y.shape);
  const gradients = differentiate(tape, y, seedValue, variables);
  gradients.forEach((gradient, index) => addOutput(graph, `gradient${index}`, gradient));
  addOutput(graph, "sum", sumOf(graph, y, seedValue));
  const session = await createSession(writeModel(toModel(graph)), { name: op.name });

  const values = smooth.map((shape) =>
    apart ? spaced(product(shape), random) : Float32Array.from({ length: product(shape) }, () => random() * 2 - 1),
  );
  const weights = Float32Array.from({ length: product(y.shape.map(Number)) }, () => random() * 2 - 1);
  const feed = (moved: readonly Float32Array[]): Record<string, PlainTensor> => ({
    ...Object.fromEntries(
      moved.map((data, index) => [`x${index}`, { type: "float32", shape: smooth[index] ?? [], data } as const]),
    ),
    ...Object.fromEntries(fixed.map((tensor, index) => [`fixed${index}`, tensor])),
    weights: { type: "float32", shape: y.shape.map(Number), data: weights },
  });
  const analytic = await session.run(feed(values));
  let worst = 0;
  for (const [index, value] of values.entries()) {
    const direction = Float32Array.from(value, () => (random() < 0.5 ? -1 : 1));
    const epsilon = 1 / 128;
    const along = async (sign: number): Promise<number> => {
      const moved = values.map((other, at_) =>
        at_ === index ? other.map((v, i) => v + sign * epsilon * (direction[i] ?? 0)) : other,
      );
      const { sum } = await session.run(feed(moved));
      return Number(sum?.data[0]);
    };
    const numeric = ((await along(1)) - (await along(-1))) / (2 * epsilon);
    const gradient = analytic[`gradient${index}`]?.data as Float32Array;
    const exact = gradient.reduce((all, part, i) => all + part * (direction[i] ?? 0), 0);
    const size = gradient.reduce((all, part) => all + Math.abs(part), 0) + 0.05;
    worst = Math.max(worst, Math.abs(numeric - exact) / size);
  }
  await session.release();
  return worst;
}

function sumOf(graph: ReturnType<typeof createGraph>, y: Value, weights: Value): Value {
  const products = addNode(graph, "Mul", [y, weights], y);
  if (y.shape.length === 0) return products;
  const axes = indices(
    graph,
    y.shape.map((_, axis) => axis),
  );
  return addNode(
    graph,
    "ReduceSum",
    [products, axes],
    { type: "float32", shape: [] },
    { attributes: { keepdims: int(0) } },
  );
}

/** Values at least 1/16 apart from each other and from zero, in random order: a difference of 1/128 crosses no kink. */
function spaced(count: number, random: () => number): Float32Array {
  const values = Array.from({ length: count }, (_, index) => (index - Math.floor(count / 2) + 0.5) / 8);
  return Float32Array.from(
    values.map((value) => [random(), value] as const).toSorted(([a], [b]) => a - b),
    ([, value]) => value,
  );
}

async function pullBack<Settings>(
  op: Op<Settings>,
  settings: Settings,
  spec: Spec,
  values: Float32Array,
  seed: number[],
): Promise<Float32Array> {
  const graph = createGraph("pull back");
  const tape = createTape(graph, { training: true });
  const x = addInput(graph, "x", spec.type, spec.shape);
  const y = at(apply(tape, op, [x], settings), 0);
  addOutput(graph, "gradient", at(differentiate(tape, y, addInput(graph, "seed", "float32", y.shape), [x]), 0));
  const session = await createSession(writeModel(toModel(graph)), { name: op.name });
  const { gradient } = await session.run({
    x: { type: "float32", shape: spec.shape.map(Number), data: values },
    seed: { type: "float32", shape: y.shape.map(Number), data: Float32Array.from(seed) },
  });
  await session.release();
  return gradient?.data as Float32Array;
}

function placed(length: number, values: Record<number, number>): Float32Array {
  const all = new Float32Array(length);
  for (const [place, value] of Object.entries(values)) all[Number(place)] = value;
  return all;
}

/** Numbers 0..1 from a seed: mulberry32. */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
