import { expect, test } from "vitest";
import { parseModelText } from "../onnx/parse-text.ts";
import { writeModel } from "../onnx/write.ts";
import { graphRun } from "./errors.ts";
import { leaveInPlace } from "./in-place.ts";
import { createSession, type PlainTensor } from "./run.ts";

const size = 512;
const header = '<ir_version: 8, opset_import: ["": 17]>\n';
const model = leaveInPlace(
  parseModelText(
    header +
      `g (float32[${size}, ${size}] x, float32[${size}, ${size}] y) => (float32[${size}, ${size}] sum, float32[${size}, ${size}] product) ` +
      "{ sum = Add (x, y) product = Mul (x, y) }",
  ),
);
const square = (value: number): PlainTensor & { data: Float32Array } => ({
  type: "float32",
  shape: [size, size],
  data: new Float32Array(size * size).fill(value),
});

test("bound results are right, and nothing is allocated for them", async () => {
  const session = await createSession(writeModel(model), { name: "test" });
  expect(session.outputs.map(({ name }) => name)).toEqual(["sum", "product"]);
  const [x, y, sum, product] = [square(2), square(5), square(0), square(0)];
  const run = session.bind({ x, y }, { sum, product });
  await run();
  const before = process.memoryUsage().arrayBuffers;
  for (let turn = 1; turn <= 4; turn++) {
    x.data.fill(turn);
    await run();
    expect([sum.data[0], sum.data.at(-1), product.data[7]]).toEqual([turn + 5, turn + 5, turn * 5]);
  }
  // Eight results of a megabyte each would show; garbage collection may only lower the figure.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size * size * 4);
  await session.release();
});

test("the same model runs unbound, and gives its results alone", async () => {
  const session = await createSession(writeModel(model), { name: "test" });
  const results = await session.run({ x: square(2), y: square(3) });
  expect(Object.keys(results)).toEqual(["sum", "product"]);
  expect(results["product"]?.data[9]).toBe(6);
  await session.release();
});

test("a run that really fails says so", async () => {
  const text = "g (float32[n] x, int64[k] shape) => (float32[m] y) { y = Reshape (x, shape) }";
  const session = await createSession(writeModel(leaveInPlace(parseModelText(header + text))), { name: "test" });
  const run = session.bind(
    {
      x: { type: "float32", shape: [2], data: new Float32Array(2) },
      shape: { type: "int64", shape: [1], data: BigInt64Array.of(5n) },
    },
    { y: { type: "float32", shape: [5], data: new Float32Array(5) } },
  );
  await expect(run()).rejects.toMatchObject({ code: graphRun.code });
  await session.release();
});
