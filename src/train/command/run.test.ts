import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { findSlipwayError, type SlipwayError } from "../../base/errors.ts";
import type { ProgressEvent } from "../../base/progress.ts";
import { command } from "../index.ts";
import { runTrainer } from "../run.ts";
import type { TrainContext, Trained } from "../types.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const [height, width] = [6, 8];
const labels = ["left", "middle", "right"];

describe("a small Python script", () => {
  test("trains, claims its metrics, and is measured by its own model", async () => {
    const events: ProgressEvent[] = [];
    const context = tinyRun({ report: (event) => events.push(event) });
    const trained = await train(["python3", fixture("train.py")], { sharpness: 4 }, context);
    expect(trained.metrics).toMatchObject({ accuracy: 1, claimedAccuracy: 1, lowestLabelAccuracy: 1 });
    // Of Python's own generator, seeded with SLIPWAY_SEED.
    expect(trained.metrics["drawn"]).toBeCloseTo(0.13436424411240122, 12);
    expect(trained.metrics["loss"]).toBeLessThan(0.2);
    expect(trained.confusion).toEqual([
      [4, 0, 0],
      [0, 4, 0],
      [0, 0, 4],
    ]);
    expect(trained.signature.outputs[0]?.content).toEqual({ kind: "probabilities", labels });
    expect(trained.history.map(({ epoch, loss }) => [epoch, loss])).toEqual([
      [1, 1],
      [2, 0.5],
      [3, 0.333],
    ]);
    expect(trained.parameters).toEqual({
      command: ["python3", fixture("train.py")],
      parameters: { sharpness: 4 },
      validation: 0.2,
    });
    expect(trained.seed).toBe(1);
    expect(events).toContainEqual({ step: "train", label: "epoch 2/3", done: 2, total: 3, figures: { loss: "0.5" } });
    expect(events).toContainEqual({ step: "train", label: "written", done: 3, total: 3 });
    expect(readFileSync(join(context.workspace, "command.log"), "utf8")).toContain("epoch 3/3 loss=0.333\n");
  });
});

describe("a small Node script", () => {
  test("trains without metrics of its own; what it leaves running goes with it", async () => {
    const lines: string[] = [];
    const trained = await node("linger", tinyRun({ report: ({ label }) => lines.push(label) }));
    expect(trained.metrics).toEqual({ accuracy: 4 / 12, loss: expect.closeTo(1.4076, 3), lowestLabelAccuracy: 0 });
    expect(lines).toContain("rows: 24 and 12");
    await expectGone(lines);
  });

  test("is stopped with everything it started", async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    const report = ({ label }: ProgressEvent): void => {
      lines.push(label);
      if (label.startsWith("started")) stop.abort();
    };
    const error = await failure(node("hang", tinyRun({ report, signal: stop.signal })));
    expect(error.code).toBe("SLIPWAY_TRAIN_INTERRUPTED");
    expect(error.exit).toBe(130);
    await expectGone(lines);
  });

  test("that fails is quoted", async () => {
    const error = await failure(node("crash"));
    expect(error.code).toBe("SLIPWAY_TRAIN_COMMAND_FAILED");
    expect(error.message).toContain("ended with status 3. Its last lines:\n  | ");
    expect(error.message).toContain("  | Traceback: no such layer");
    expect(error.mend).toMatch(/^Its whole output is in .*command\.log\.$/);
  });

  test.each([
    ["nothing", "SLIPWAY_TRAIN_COMMAND_NO_MODEL", "it wrote model.pt"],
    ["garbage", "SLIPWAY_TRAIN_MODEL_NOT_SERVABLE", "model.onnx cannot be served"],
    ["logits", "SLIPWAY_TRAIN_MODEL_NOT_SERVABLE", "its numbers for one row add up to 6"],
    ["classes", "SLIPWAY_TRAIN_MODEL_NOT_SERVABLE", "one output [rows, 3] of probabilities"],
    ["metrics", "SLIPWAY_TRAIN_COMMAND_METRICS_BROKEN", "it is no JSON"],
    ["words", "SLIPWAY_TRAIN_COMMAND_METRICS_BROKEN", 'accuracy is "high", f1 is null, wanted a number'],
    ["boast", "SLIPWAY_TRAIN_COMMAND_METRICS_DISAGREE", "claims accuracy 0.99, but model.onnx reaches 0.333"],
  ])("that writes %s is refused: %s", async (mode, code, message) => {
    const error = await failure(node(mode));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toContain("  | rows: 24 and 12");
  });
});

test("a program that is not there is named", async () => {
  const error = await failure(train(["no-such-program-here", "x"], {}));
  expect(error.code).toBe("SLIPWAY_TRAIN_COMMAND_NOT_STARTED");
  expect(error.message).toContain("there is no program `no-such-program-here`");
});

function train(words: string[], parameters: Record<string, unknown>, context = tinyRun()): Promise<Trained> {
  return runTrainer(command({ command: words, parameters }), context);
}

function node(mode: string, context = tinyRun()): Promise<Trained> {
  return train(["node", fixture("train.js")], { mode, height, width, labels: labels.length }, context);
}

/** Thirty-six images, bright on the left, in the middle or on the right; every third is held out. They lie on disk as PNG files too. */
function tinyRun(changes: Partial<TrainContext> = {}): TrainContext {
  const root = mkdtempSync(join(tmpdir(), "slipway-command-"));
  const count = 36;
  const pixels = new Uint8Array(count * height * width);
  const targets = Int32Array.from({ length: count }, (_, row) => row % 3);
  const paths = Array.from({ length: count }, (_, row) => `${labels[row % 3]}/${row}.png`);
  for (const [row, path] of paths.entries()) {
    const image = pixels.subarray(row * height * width, (row + 1) * height * width);
    for (let i = 0; i < image.length; i++)
      image[i] = Math.floor(((i % width) * 3) / width) === row % 3 ? 200 - row : (row * i) % 40;
    mkdirSync(dirname(join(root, "data", path)), { recursive: true });
    writeFileSync(join(root, "data", path), toPng(image));
  }
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const isHeldOut = (row: number): boolean => Math.floor(row / 3) % 3 === 0;
  return {
    examples: {
      kind: "images",
      count,
      height,
      width,
      channels: 1,
      labels,
      pixels,
      targets,
    },
    split: { train: rows.filter((row) => !isHeldOut(row)), validation: rows.filter(isHeldOut) },
    folder: join(root, "data"),
    paths,
    root,
    workspace: join(root, "work"),
    resume: false,
    report: () => {},
    signal: new AbortController().signal,
    ...changes,
  };
}

function toPng(image: Uint8Array): Buffer {
  const chunk = (kind: string, body: Buffer): Buffer => {
    const content = Buffer.concat([Buffer.from(kind), body]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(body.length);
    sum.writeUInt32BE(crc32(content));
    return Buffer.concat([size, content, sum]);
  };
  const head = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 0, 0, 0, 0]);
  const lines = Array.from({ length: height }, (_, y) => [0, ...image.subarray(y * width, (y + 1) * width)]);
  const body = deflateSync(Buffer.from(lines.flat()));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", body),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The process whose id a line names ends within a second. */
async function expectGone(lines: readonly string[]): Promise<void> {
  const id = Number(/started (\d+)/.exec(lines.join("\n"))?.[1]);
  expect(id).toBeGreaterThan(1);
  const isThere = (): boolean => {
    try {
      // A zombie still has an id; it is gone for all that matters.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${id}/status`, "utf8"));
    } catch {
      return false;
    }
  };
  for (let tries = 0; isThere() && tries < 50; tries++) await sleep(20);
  expect(isThere()).toBe(false);
}

async function failure(run: Promise<unknown>): Promise<SlipwayError> {
  try {
    await run;
  } catch (error) {
    return findSlipwayError(error) ?? Promise.reject(error);
  }
  throw new TypeError("it did not fail");
}
