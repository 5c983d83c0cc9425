import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { findSlipwayError } from "../../base/errors.ts";
import type { ProgressEvent } from "../../base/progress.ts";
import { batchNorm, conv, dense, dropout, flatten, maxPool, relu } from "../../model/layers.ts";
import { evaluate } from "../evaluate.ts";
import { adam, cosine, rotate, scale, sequential, type SequentialOptions, sgd, shift } from "../index.ts";
import { runTrainer } from "../run.ts";
import type { TrainContext, Trained } from "../types.ts";
import { checkpointPath } from "./checkpoint.ts";
import { tinyContext, tinyLayers } from "./tiny.fixture.ts";

const settings: SequentialOptions = {
  layers: tinyLayers,
  optimizer: adam({ rate: 0.01 }),
  batch: 32,
  epochs: 6,
  workers: 1,
  augment: [shift(1)],
};

/** With everything that has a state of its own: batch norm, dropout, momentum, warm-up, augmentation. */
const stateful: SequentialOptions = {
  ...settings,
  workers: 2,
  layers: [conv(8, 3), batchNorm(), relu(), maxPool(2), flatten(), dense(16), relu(), dropout(0.25), dense(3)],
  schedule: cosine({ warmupEpochs: 1 }),
  augment: [shift(1), rotate(5), scale(0.1)],
};

const train = (changes: Partial<SequentialOptions> = {}, context: TrainContext = tinyContext()): Promise<Trained> =>
  runTrainer(sequential({ ...settings, ...changes }), context);

test("a small network learns, and its figures are those of the model it gives", async () => {
  const context = tinyContext();
  const trained = await train({ epochs: 12, augment: [], workers: 2 }, context);
  expect(trained.metrics["accuracy"]).toBeGreaterThanOrEqual(0.95);
  expect(trained.history).toHaveLength(12);
  expect(trained.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(trained.history.at(-1)?.loss).toBeLessThan((trained.history[0]?.loss ?? 0) / 2);
  expect(trained.history.at(-1)?.accuracy).toBe(trained.metrics["accuracy"]);
  expect(trained.confusion?.flat().reduce((all, count) => all + count, 0)).toBe(context.split.validation.length);
  expect(trained.parameters).toMatchObject({ batch: 32, workers: 2, epochs: 12, engine: "fast" });
  const again = await evaluate(trained.model, trained.signature, context.examples, context.split.validation, {
    threads: 1,
  });
  expect(again?.accuracy).toBe(trained.metrics["accuracy"]);
  expect(existsSync(checkpointPath(context.workspace))).toBe(false);
});

describe.each(["auto", "graph"] as const)("engine %s", (engine) => {
  test("the same seed gives the same bytes, another seed others", async () => {
    const [one, two, other] = await Promise.all([
      train({ ...stateful, engine, epochs: 2 }),
      train({ ...stateful, engine, epochs: 2 }),
      train({ ...stateful, engine, epochs: 2, seed: 2 }),
    ]);
    expect(digestOf(two.model)).toBe(digestOf(one.model));
    expect(digestOf(other.model)).not.toBe(digestOf(one.model));
  });

  test("a run that is stopped within an epoch goes on to the same bytes", async () => {
    const whole = await train({ ...stateful, engine, epochs: 4 });
    const context = tinyContext();
    await interruptAt(11, { ...stateful, engine, epochs: 4 }, context);
    const resumed = await train({ ...stateful, engine, epochs: 4 }, { ...context, resume: true });
    expect(digestOf(resumed.model)).toBe(digestOf(whole.model));
    expect(resumed.metrics).toEqual(whole.metrics);
    expect(resumed.history.map(({ loss }) => loss)).toEqual(whole.history.map(({ loss }) => loss));
  });
});

test("the number of workers changes nothing but the rounding", async () => {
  const plain = {
    layers: [conv(8, 3), relu(), flatten(), dense(3)],
    optimizer: sgd({ rate: 0.05, momentum: 0.9 }),
    epochs: 2,
  };
  const [one, two, three] = await Promise.all([1, 2, 3].map((workers) => train({ ...plain, workers })));
  for (const other of [two, three]) {
    for (const [i, { loss }] of (other?.history ?? []).entries())
      expect(loss).toBeCloseTo(one?.history[i]?.loss ?? 0, 4);
  }
  expect([one, two, three].map((each) => each?.parameters["workers"])).toEqual([1, 2, 3]);
});

test("a run killed with -9 loses an epoch at most, and goes on to the same bytes", async () => {
  const context = tinyContext();
  const code = `
    const { runTrainer } = await import(${JSON.stringify(new URL("../run.ts", import.meta.url).href)});
    const { tinyContext } = await import(${JSON.stringify(new URL("tiny.fixture.ts", import.meta.url).href)});
    const report = ({ done }) => {
      if (done >= 25) process.kill(process.pid, "SIGKILL");
    };
    await runTrainer(${JSON.stringify(sequential({ ...stateful, epochs: 7 }))}, { ...tinyContext(), report, workspace: ${JSON.stringify(context.workspace)} });
  `;
  const child = spawn(process.execPath, ["-e", code], { stdio: "inherit" });
  const [status, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect([status, signal]).toEqual([null, "SIGKILL"]);

  let first: ProgressEvent | undefined;
  const report = (event: ProgressEvent): void => {
    first ??= event;
  };
  const resumed = await train({ ...stateful, epochs: 7 }, { ...context, resume: true, report });
  // Killed when five epochs of five steps were done; the fifth's checkpoint may have been under way.
  expect([20, 25]).toContain(first?.done);
  expect(digestOf(resumed.model)).toBe(digestOf((await train({ ...stateful, epochs: 7 })).model));
});

test("a checkpoint that is damaged, cut off or of other inputs is refused by name", async () => {
  const context = tinyContext();
  await interruptAt(5, {}, context);
  const path = checkpointPath(context.workspace);
  const bytes = readFileSync(path);
  const resume = async (changes: Partial<SequentialOptions> = {}): Promise<unknown> =>
    codeOf(train(changes, { ...context, resume: true }));

  expect(await resume({ epochs: 5 })).toBe("SLIPWAY_TRAIN_CHECKPOINT_OTHER_INPUTS");
  writeFileSync(path, bytes.subarray(0, bytes.length - 100));
  expect(await resume()).toBe("SLIPWAY_TRAIN_CHECKPOINT_BROKEN");
  const flipped = Buffer.from(bytes);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, flipped);
  expect(await resume()).toBe("SLIPWAY_TRAIN_CHECKPOINT_BROKEN");
  writeFileSync(path, "");
  expect(await resume()).toBe("SLIPWAY_TRAIN_CHECKPOINT_BROKEN");
});

test("a run that is not to be resumed starts anew beside an old checkpoint", async () => {
  const context = tinyContext();
  await interruptAt(5, { epochs: 2 }, context);
  const fresh = await train({ epochs: 2 }, context);
  expect(digestOf(fresh.model)).toBe(digestOf((await train({ epochs: 2 })).model));
});

test("keep: best gives the best epoch's model, also after an interruption", async () => {
  // A rate that overshoots, so that the last epoch is not the best.
  const wild: Partial<SequentialOptions> = {
    keep: "best",
    optimizer: sgd({ rate: 0.6 }),
    epochs: 6,
    schedule: { kind: "constant" },
    seed: 3,
  };
  const trained = await train(wild);
  const accuracies = trained.history.map(({ accuracy }) => accuracy ?? 0);
  expect(trained.metrics["accuracy"]).toBe(Math.max(...accuracies));
  const context = tinyContext();
  await interruptAt(16, wild, context);
  expect(digestOf((await train(wild, { ...context, resume: true })).model)).toBe(digestOf(trained.model));
});

test("a run whose loss is no number any more stops with the step and the likely cause", async () => {
  const context = tinyContext();
  const error = await failure(train({ optimizer: sgd({ rate: 1e9 }) }, context));
  expect(error?.code).toBe("SLIPWAY_TRAIN_DIVERGED");
  expect(error?.message).toMatch(
    /^training diverged at step \d+ \(epoch 1\): the loss became (NaN|Infinity); likely cause: the rate 1000000000 of sgd is too high for the first steps$/,
  );
  expect(error?.mend).toBe(
    "Try sgd({ rate: 100000000 }), or a rise over the first epoch: schedule: cosine({ warmupEpochs: 1 }).",
  );
});

test("fewer rows than a batch, and rows that do not fill the last one, are trained on", async () => {
  const few = await train({ batch: 64, epochs: 1 }, tinyContext({ count: 9 }));
  expect(few.parameters["batch"]).toBe(7);
  const context = tinyContext({ count: 50 });
  const uneven = await train({ batch: 17, epochs: 1, workers: 3 }, context);
  expect(uneven.history[0]?.samplesPerSecond).toBeCloseTo(51 / (uneven.history[0]?.seconds ?? 0), 6);
});

test("without validation rows there is a model and no accuracy", async () => {
  const context = tinyContext();
  const split = { train: context.split.train, validation: new Int32Array(0) };
  const trained = await train({ epochs: 2 }, { ...context, split });
  expect(trained.metrics).toEqual({});
  const best = await train({ epochs: 2, keep: "best" }, { ...context, split });
  expect(digestOf(best.model)).toBe(digestOf(trained.model));
  expect(trained.history[0]).not.toHaveProperty("accuracy");
});

test("no rows, layers that do not fit and a signal that came before are refused before anything starts", async () => {
  const context = tinyContext();
  const none = { ...context, split: { train: new Int32Array(0), validation: context.split.validation } };
  expect(await codeOf(train({}, none))).toBe("SLIPWAY_TRAIN_NO_ROWS");
  expect(await codeOf(train({ layers: [dense(4)] }))).toBe("SLIPWAY_MODEL_NETWORK_OUTPUT");
  expect(await codeOf(train({}, { ...context, signal: AbortSignal.abort() }))).toBe("SLIPWAY_TRAIN_INTERRUPTED");
});

test("progress goes from the first step to the last, epoch by epoch", async () => {
  const events: ProgressEvent[] = [];
  await train({ epochs: 3 }, tinyContext({ report: (event) => events.push(event) }));
  expect([...new Set(events.map(({ label }) => label))]).toEqual(["epoch 1/3", "epoch 2/3", "epoch 3/3"]);
  expect(new Set(events.map(({ total }) => total))).toEqual(new Set([15]));
  const done = events.map((event) => event.done ?? 0);
  expect(done).toEqual(done.toSorted((a, b) => a - b));
  expect([done[0], done.at(-1)]).toEqual([0, 15]);
  expect(Object.keys(events.at(-1)?.figures ?? {})).toEqual(["step", "samples/s", "loss", "accuracy", "left"]);
  expect(events.at(-1)?.figures).toMatchObject({ step: "5/5", left: "0 s" });
});

/** Aborts as soon as `done` steps are done (reports come at every epoch's start, among others), and expects a checkpoint. */
async function interruptAt(done: number, changes: Partial<SequentialOptions>, context: TrainContext): Promise<void> {
  const stop = new AbortController();
  const report = (event: ProgressEvent): void => {
    if ((event.done ?? 0) >= done) stop.abort();
  };
  const error = await failure(train(changes, { ...context, report, signal: stop.signal }));
  expect(error?.code).toBe("SLIPWAY_TRAIN_INTERRUPTED");
  expect(error?.mend).toContain("slipway train --resume");
  expect(existsSync(checkpointPath(context.workspace))).toBe(true);
}

async function failure(run: Promise<unknown>): Promise<ReturnType<typeof findSlipwayError>> {
  try {
    await run;
  } catch (error) {
    return findSlipwayError(error) ?? Promise.reject(error);
  }
  return undefined;
}

async function codeOf(run: Promise<unknown>): Promise<string | undefined> {
  return (await failure(run))?.code;
}
