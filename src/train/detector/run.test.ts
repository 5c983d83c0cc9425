import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import type { ProgressEvent } from "../../base/progress.ts";
import type { BoxExamples } from "../../data/types.ts";
import { createSession } from "../../graph/run.ts";
import { overlapOf } from "../../model/detector/anchors.ts";
import { networkShape, headImage } from "../../model/errors.ts";
import { dense, flatten } from "../../model/layers.ts";
import { readSignature } from "../../model/signature-of.ts";
import { trainInterrupted, trainerInvalid, trainerOfOtherData } from "../errors.ts";
import {
  adam,
  conv,
  detector,
  type DetectorOptions,
  flip,
  maxPool,
  rotate,
  scale,
  sequential,
  shift,
} from "../index.ts";
import { runTrainer } from "../run.ts";
import { checkpointPath } from "../sequential/checkpoint.ts";
import { tinyContext } from "../sequential/tiny.fixture.ts";
import type { TrainContext, Trained } from "../types.ts";
import { measureDetector } from "./evaluate.ts";
import { tinyBackbone, tinyBoxContext, tinyBoxes, tinySide } from "./tiny.fixture.ts";

const settings: DetectorOptions = {
  layers: tinyBackbone,
  anchors: [9],
  optimizer: adam({ rate: 0.01 }),
  batch: 16,
  epochs: 3,
  workers: 1,
};

const train = (changes: Partial<DetectorOptions> = {}, context = tinyBoxContext()): Promise<Trained> =>
  runTrainer(detector({ ...settings, ...changes }), context);

describe("a small detector", () => {
  test("learns what is where, and its figure is that of the model it gives", async () => {
    const context = tinyBoxContext();
    const events: ProgressEvent[] = [];
    const report = (event: ProgressEvent): void => void events.push(event);
    const trained = await train({ epochs: 20, workers: 2 }, { ...context, report });
    const { metrics, history, model, signature, parameters } = trained;
    expect(metrics["meanAveragePrecision"]).toBeGreaterThan(0.9);
    expect(Object.keys(metrics).toSorted()).toEqual(["lowestLabelAveragePrecision", "meanAveragePrecision"]);
    expect(history).toHaveLength(20);
    expect(history.at(-1)?.meanAveragePrecision).toBe(metrics["meanAveragePrecision"]);
    expect(history.at(-1)?.loss).toBeLessThan((history[0]?.loss ?? 0) / 3);
    expect(parameters).toMatchObject({ anchors: [[9, 9]], batch: 16, workers: 2, validation: 0.2, engine: "graph" });
    expect(events.at(-1)?.figures).toMatchObject({ mAP: metrics["meanAveragePrecision"]?.toFixed(4) });
    const { examples, split } = context;
    expect(await measureDetector(model, signature, examples, split.validation, { threads: 1 })).toEqual(metrics);

    expect(signature.outputs).toEqual([
      {
        name: "detections",
        datatype: "FP32",
        shape: [-1, 36, 6],
        content: { kind: "boxes", labels: ["background", "light", "dark"] },
      },
    ]);
    expect(readSignature(model)).toEqual(signature);
    const wrong = await listMistakes(model, examples, split.validation);
    expect(wrong.length).toBeLessThanOrEqual(2);
  });

  test("starts from sizes that fit its boxes unless others are given", async () => {
    const trained = await runTrainer(detector({ layers: tinyBackbone, batch: 16, epochs: 1 }), tinyBoxContext());
    expect(trained.parameters["anchors"]).toEqual([[9, 9]]);
  });

  test("the same seed gives the same bytes, another seed others", async () => {
    const [one, two, other] = await Promise.all([train({ workers: 2 }), train({ workers: 2 }), train({ seed: 2 })]);
    expect(digestOf(two.model)).toBe(digestOf(one.model));
    expect(digestOf(other.model)).not.toBe(digestOf(one.model));
  });

  test("the number of workers changes nothing but the rounding", async () => {
    // Batch norm's statistics are those of a worker's own rows, so that it would.
    const layers = tinyBackbone.filter(({ kind }) => kind !== "batchNorm");
    const [one, two] = await Promise.all([1, 2].map((workers) => train({ layers, workers, epochs: 2 })));
    for (const [i, { loss }] of (two?.history ?? []).entries())
      expect(loss).toBeCloseTo(one?.history[i]?.loss ?? Number.NaN, 4);
  });

  test("a run that is stopped within an epoch goes on to the same bytes", async () => {
    const moved = { augment: [shift(2), scale(0.1), flip()], workers: 2 };
    const whole = await train(moved);
    const context = tinyBoxContext();
    const stop = new AbortController();
    const report = ({ done = 0 }: ProgressEvent): void => {
      if (done >= 6) stop.abort();
    };
    const code = await train(moved, { ...context, report, signal: stop.signal }).then(
      () => undefined,
      (error: unknown) => findSlipwayError(error)?.code,
    );
    expect(code).toBe(trainInterrupted.code);
    expect(existsSync(checkpointPath(context.workspace))).toBe(true);
    const resumed = await train(moved, { ...context, resume: true });
    expect(digestOf(resumed.model)).toBe(digestOf(whole.model));
    expect(resumed.metrics).toEqual(whole.metrics);
  });

  test("without validation rows it has no figures, with `best` it gives the epoch of the best", async () => {
    const context = tinyBoxContext();
    const all = Int32Array.from({ length: context.examples.count }, (_, row) => row);
    const blind = await train({}, { ...context, split: { train: all, validation: new Int32Array() } });
    expect(blind.metrics).toEqual({});
    const { metrics, history } = await train({ epochs: 6, keep: "best", optimizer: adam({ rate: 0.02 }) });
    expect(metrics["meanAveragePrecision"]).toBe(
      Math.max(...history.map(({ meanAveragePrecision = 0 }) => meanAveragePrecision)),
    );
  });
});

describe("what does not fit is refused by name", () => {
  const codeOf = async (work: () => Promise<unknown>): Promise<string | undefined> => {
    try {
      await work();
    } catch (error) {
      return findSlipwayError(error)?.code;
    }
    return undefined;
  };

  test("layers that end in no feature map, or do not fit the image", async () => {
    expect(await codeOf(() => train({ layers: [conv(4, 3), flatten(), dense(10)] }))).toBe(headImage.code);
    expect(await codeOf(() => train({ layers: [maxPool(32)] }))).toBe(networkShape.code);
  });

  test("data of another kind, either way", async () => {
    const images = tinyContext() as unknown as TrainContext<BoxExamples>;
    expect(await codeOf(() => train({}, images))).toBe(trainerOfOtherData.code);
    const classifier = sequential({ layers: [flatten(), dense(2)] });
    await expect(runTrainer(classifier, tinyBoxContext())).rejects.toMatchObject({
      code: trainerOfOtherData.code,
      message: "sequential() trains on images, but the data are images with boxes",
    });
  });

  test.each<[object, string]>([
    [
      { ...settings, anchors: [] },
      "anchors is [], wanted a list of sides in pixels such as [16, 24, 36], or of [height, width]",
    ],
    [{ ...settings, anchors: [[1, 2, 3]] }, "anchors is [[1,2,3]], wanted"],
    [{ anchors: [8] }, "layers is missing, wanted a list such as [conv(16, 3, { padding: 1 }), relu(), maxPool(2)]"],
    [
      { ...settings, augment: [rotate(5)] },
      "wanted a list of shift(), scale() and flip(); a box that is turned is no box",
    ],
    [{ ...settings, engine: "fast" }, "the key `engine` is unknown"],
    [{ ...settings, layers: [maxPool] }, "layers[0] is maxPool itself, wanted a layer such as maxPool()"],
  ])("an argument of detector(): %j", (options, message) => {
    expect(() => detector(options as DetectorOptions)).toThrow(
      expect.objectContaining({ code: trainerInvalid.code, message: expect.stringContaining(message) }),
    );
  });
});

/** Validation images whose surest boxes are not those that are there. */
async function listMistakes(model: Uint8Array, examples: BoxExamples, rows: Int32Array): Promise<number[]> {
  const session = await createSession(model, { name: "the trained model", threads: 1 });
  const size = tinySide * tinySide;
  const wrong: number[] = [];
  for (const row of rows) {
    const data = examples.pixels.slice(row * size, (row + 1) * size);
    const { detections } = await session.run({ image: { type: "uint8", shape: [1, tinySide, tinySide, 1], data } });
    const values = detections?.data as Float32Array;
    const found = Array.from({ length: values.length / 6 }, (_, at) => values.subarray(at * 6, at * 6 + 6)).filter(
      ([, score = 0]) => score >= 0.5,
    );
    const wanted = examples.boxes[row] ?? [];
    const right = wanted.every(({ label, corners }) =>
      found.some(([kind, , ...box]) => kind === label + 1 && overlapOf(box as never, corners) > 0.5),
    );
    if (!right || found.length !== wanted.length) wrong.push(row);
  }
  await session.release();
  return wrong;
}

test("the fixture has empty images, and both labels on either side of the split", () => {
  const { boxes } = tinyBoxes();
  expect(boxes.some((own) => own.length === 0)).toBe(true);
  expect(new Set(boxes.flat().map(({ label }) => label))).toEqual(new Set([0, 1]));
});
