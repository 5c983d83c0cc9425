import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseModelText } from "../onnx/parse-text.ts";
import { writeModel } from "../onnx/write.ts";
import { graphInput, graphLoad, graphReleased, graphRun } from "./errors.ts";
import { createSession, type PlainTensor, type Session } from "./run.ts";

const adder =
  "g (float32[rows, 2] x, float32[2] y) => (float32[rows, 2] sum, float32[rows, 2] product) { sum = Add (x, y) product = Mul (x, y) }";

describe("a session", () => {
  test("tells its inputs and outputs, and runs on plain tensors of any variable size", async () => {
    const session = await open(adder);
    expect(session.inputs).toEqual([
      { name: "x", type: "float32", shape: [-1, 2] },
      { name: "y", type: "float32", shape: [2] },
    ]);
    const results = await session.run({ x: row([3, 2], 1, 2, 3, 4, 5, 6), y: row([2], 10, 20) });
    expect(results).toEqual({
      sum: row([3, 2], 11, 22, 13, 24, 15, 26),
      product: row([3, 2], 10, 40, 30, 80, 50, 120),
    });
    await session.release();
  });

  test("writes bound results into the caller's arrays, run after run", async () => {
    const session = await open(adder);
    const x = new Float32Array(2);
    const memory = new WebAssembly.Memory({ initial: 1 });
    const sum = new Float32Array(memory.buffer, 64, 2);
    const run = session.bind(
      { x: { type: "float32", shape: [1, 2], data: x }, y: row([2], 1, 1) },
      { sum: { type: "float32", shape: [1, 2], data: sum } },
    );
    for (const value of [1, 5]) {
      x.fill(value);
      await run();
      expect(sum).toEqual(Float32Array.of(value + 1, value + 1));
    }
    await session.release();
  });

  test("refuses to write where it reads", async () => {
    const session = await open(adder, "the adder");
    const memory = new Float32Array(8);
    const part = (from: number, ...shape: number[]): PlainTensor => ({
      type: "float32",
      shape,
      data: memory.subarray(from, from + 2),
    });
    const wrong = session.bind({ x: part(0, 1, 2), y: part(6, 2) }, { sum: part(1, 1, 2) });
    await expect(wrong()).rejects.toMatchObject({
      code: graphInput.code,
      message: "input x of the adder is in the memory of sum, wanted memory of its own",
    });
    await session.bind({ x: part(0, 1, 2), y: part(6, 2) }, { sum: part(2, 1, 2) })();
    await session.release();
  });

  test("loads a file by its path", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-run-"));
    const path = join(folder, "adder.onnx");
    writeFileSync(path, bytesOf(adder));
    const session = await createSession(path, { name: "adder.onnx", threads: 2, arena: false, optimization: "none" });
    const { sum } = await session.run({ x: row([1, 2], 1, 2), y: row([2], 3, 4) });
    expect(sum?.data).toEqual(Float32Array.of(4, 6));
    await session.release();
    rmSync(folder, { recursive: true });
    await expect(createSession(path, { name: "adder.onnx" })).rejects.toMatchObject({ code: graphLoad.code });
  });

  test("carries every kind of element", async () => {
    const session = await open(
      "g (uint8[n] a, int64[n] b, string[n] c, bool[n] d, float64[n] e, float16[n] f) => (uint8[n] A, int64[n] B, string[n] C, bool[n] D, float64[n] E, float16[n] F) { A = Identity (a) B = Identity (b) C = Identity (c) D = Identity (d) E = Identity (e) F = Identity (f) }",
    );
    const shape = [2];
    const feeds: Record<string, PlainTensor> = {
      a: { type: "uint8", shape, data: Uint8Array.of(0, 255) },
      b: { type: "int64", shape, data: BigInt64Array.of(-1n, 2n ** 62n) },
      c: { type: "string", shape, data: ["", "Zürich"] },
      d: { type: "bool", shape, data: Uint8Array.of(0, 1) },
      e: { type: "float64", shape, data: Float64Array.of(0.1, -1e300) },
      f: { type: "float16", shape, data: Uint16Array.of(0x3c00, 0xc000) },
    };
    const results = await session.run(feeds);
    for (const [name, { type, data }] of Object.entries(feeds)) {
      const seen = results[name.toUpperCase()];
      expect([seen?.type, [...(seen?.data ?? [])]]).toEqual([type, [...data]]);
    }
    await session.release();
  });

  test.for<[string, Record<string, PlainTensor>, string]>([
    ["a missing input", { x: row([1, 2], 1, 2) }, "input y of the adder is missing, wanted float32 [2]"],
    [
      "an unknown input",
      { x: row([1, 2], 1, 2), y: row([2], 1, 2), z: row([1], 1) },
      "input z of the adder is given, wanted one of x, y",
    ],
    [
      "another shape",
      { x: row([1, 3], 1, 2, 3), y: row([2], 1, 2) },
      "input x of the adder is float32 [1, 3], wanted float32 [-1, 2]",
    ],
    [
      "another type",
      { x: row([1, 2], 1, 2), y: { type: "int32", shape: [2], data: Int32Array.of(1, 2) } },
      "input y of the adder is int32 [2], wanted float32 [2]",
    ],
    [
      "too few values",
      { x: row([2, 2], 1, 2), y: row([2], 1, 2) },
      "input x of the adder is 2 values for [2, 2], wanted float32 [-1, 2]",
    ],
  ])("refuses %s", async ([, feeds, message]) => {
    const session = await open(adder, "the adder");
    await expect(session.run(feeds)).rejects.toMatchObject({ code: graphInput.code, message, status: 400 });
    await session.release();
  });

  test("names the model that fails, or was released", async () => {
    const session = await open(
      "g (float32[n] x, int64[1] shape) => (float32[?] y) { y = Reshape (x, shape) }",
      "the shaper",
    );
    const shape = { type: "int64", shape: [1], data: BigInt64Array.of(7n) } as const;
    await expect(session.run({ x: row([2], 1, 2), shape })).rejects.toMatchObject({
      code: graphRun.code,
      message: expect.stringContaining("the shaper") as string,
    });
    await session.release();
    await session.release();
    await expect(session.run({ x: row([7], 1, 2, 3, 4, 5, 6, 7), shape })).rejects.toMatchObject({
      code: graphReleased.code,
    });
  });

  test.for<[string, Uint8Array]>([
    ["no model at all", Uint8Array.of(1, 2, 3)],
    ["an operator that it does not know", bytesOf("g (float32[n] x) => (float32[n] y) { y = Nonsense (x) }")],
    [
      "shapes that do not fit",
      bytesOf("g (float32[2, 3] x, float32[2, 3] w) => (float32[2, 3] y) { y = MatMul (x, w) }"),
    ],
  ])("refuses %s", async ([, file]) => {
    await expect(createSession(file, { name: "broken.onnx" })).rejects.toMatchObject({
      code: graphLoad.code,
      message: expect.stringContaining("broken.onnx") as string,
    });
  });
});

function open(text: string, name = "the test's model"): Promise<Session> {
  return createSession(bytesOf(text), { name });
}

function bytesOf(text: string): Uint8Array {
  return writeModel(parseModelText(`<ir_version: 8, opset_import: ["": 17]>\n${text}`));
}

function row(shape: number[], ...values: number[]): PlainTensor {
  return { type: "float32", shape, data: Float32Array.from(values) };
}
