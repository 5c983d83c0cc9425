/** @file SSD300 in PyTorch and the ONNX graph made of the same weights: the raw heads, and the boxes that are reported. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset, loadExamples } from "../../../src/data/open.ts";
import { createSession } from "../../../src/graph/run.ts";
import { openStateDict } from "../../../src/model/pytorch/state-dict.ts";
import { readSignature } from "../../../src/model/signature-of.ts";
import { buildSsd300 } from "../../../src/model/ssd/build.ts";
import { runTrainer } from "../../../src/train/run.ts";
import { ssd300, weights } from "../../../src/train/weights/define.ts";
import { readFloats, runPython } from "./run.ts";

interface Told {
  parameters: number;
  found: number[];
}

/** The issue's: how far a number may be from PyTorch's. */
const tolerance = 1e-3;

describe.each([
  { classes: 21, images: 2, seed: 1, formats: ["zip", "legacy"] },
  { classes: 201, images: 1, seed: 2, formats: ["zip"] },
])("$classes classes", (options) => {
  test("the graph gives what PyTorch gives, from either format", async () => {
    const { folder, told } = makeNetwork(options);
    const image = {
      type: "uint8",
      shape: [options.images, 300, 300, 3],
      data: new Uint8Array(readFileSync(join(folder, "images.u8"))),
    } as const;
    const models: Uint8Array[] = [];
    for (const format of options.formats) {
      const dict = await openStateDict(join(folder, `${format}.pth`));
      const built = await buildSsd300(dict, { heads: true, batch: "any" });
      await dict.close();
      models.push(built.model);
      expect({ parameters: built.parameters, classes: built.classes }).toEqual({
        parameters: told.parameters,
        classes: options.classes,
      });
    }
    expect(models.every((model) => Buffer.compare(model, models[0] ?? model) === 0)).toBe(true);

    const session = await createSession(models[0] ?? new Uint8Array(), { name: "ssd300", threads: 2 });
    const results = await session.run({ image });
    await session.release();
    for (const name of ["loc", "conf"])
      expect(furthest(results[name]?.data as Float32Array, readFloats(join(folder, `${name}.f32`)))).toBeLessThan(
        tolerance,
      );
    const seen = toRows(results["detections"]?.data as Float32Array);
    const wanted = toRows(readFloats(join(folder, "detections.f32")));
    for (let i = 0; i < options.images; i++) {
      expect(told.found[i]).toBeGreaterThan(10);
      expect(findUnmatched(seen.slice(i * 200, (i + 1) * 200), wanted.slice(i * 200, (i + 1) * 200))).toEqual([]);
    }
    rmSync(folder, { recursive: true });
  });
});

test("weights({…}) makes a model of the file like any other trainer", async () => {
  const { folder, told } = makeNetwork({ classes: 21, images: 1, seed: 3, formats: ["legacy"] });
  const labels = Array.from({ length: 20 }, (_, i) => `thing ${i}`);
  const trainer = weights({
    file: "legacy.pth",
    network: ssd300({ labels, classes: 21 }),
    parameters: { from: "a test" },
  });
  const dataset = await openDataset(trainer.source, { root: folder });
  const { model, signature, metrics, parameters } = await runTrainer(trainer, {
    examples: await loadExamples(dataset),
    split: { train: Int32Array.of(0), validation: new Int32Array() },
    folder,
    paths: ["legacy.pth"],
    root: folder,
    workspace: folder,
    resume: false,
    report: () => {},
    signal: new AbortController().signal,
  });
  expect(metrics).toEqual({ parameters: told.parameters });
  expect(parameters).toMatchObject({ from: "a test", weights: { path: "legacy.pth" } });
  expect(signature.outputs).toEqual([
    {
      name: "detections",
      datatype: "FP32",
      shape: [1, 200, 6],
      content: { kind: "boxes", labels: ["background", ...labels] },
    },
  ]);
  expect(readSignature(model)).toEqual(signature);
  rmSync(folder, { recursive: true });
});

function makeNetwork(options: object): { folder: string; told: Told } {
  const { folder, told } = runPython("ssd300.py", options);
  return { folder, told: told as Told };
}

function furthest(seen: Float32Array, wanted: Float32Array): number {
  if (seen.length !== wanted.length) return Number.NaN;
  return wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (seen[i] ?? Number.NaN))), 0);
}

function toRows(data: Float32Array): number[][] {
  return Array.from({ length: data.length / 6 }, (_, row) => Array.from(data.subarray(row * 6, row * 6 + 6)));
}

/**
 * Rows of one side that the other has not, within the tolerance. Two boxes of nearly one score may change places; and a box whose score is
 * that of the last one reported may be out on one side.
 */
function findUnmatched(seen: readonly number[][], wanted: readonly number[][]): number[][] {
  const left = [...wanted];
  const alone = seen.filter((row) => {
    const at = left.findIndex((other) =>
      other.every((value, i) => Math.abs(value - (row[i] ?? Number.NaN)) < tolerance),
    );
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const last = Math.min(...wanted.map(([, score = 0]) => score));
  return [...alone, ...left].filter(([, score = 0]) => score > last + tolerance);
}
