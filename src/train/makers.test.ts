import { expect, test } from "vitest";
import * as train from "./index.ts";

const {
  adadelta,
  adam,
  adamW,
  command,
  conv,
  cosine,
  dense,
  oneCycle,
  relu,
  rotate,
  scale,
  sequential,
  sgd,
  shift,
  stepDecay,
} = train;
const layers = [conv(4, 3), relu(), dense(2)];

test("a trainer is plain data with every default filled in", () => {
  const trainer = sequential({ layers });
  expect(trainer).toEqual({
    kind: "sequential",
    layers,
    loss: { kind: "crossEntropy" },
    optimizer: { kind: "adadelta", rate: 1, decay: 0.9, epsilon: 1e-6, weightDecay: 0 },
    schedule: { kind: "cosine", warmupEpochs: 0, floor: 0 },
    augment: [],
    batch: 64,
    epochs: 12,
    seed: 1,
    validation: 0.2,
    workers: 0,
    engine: "auto",
    keep: "last",
  });
  expect(structuredClone(trainer)).toEqual(trainer);
  expect(sequential({ layers, epochs: undefined as never }).epochs).toBe(12);
});

test("optimizers, schedules and augmentations take PyTorch's names and defaults", () => {
  expect(sgd({ rate: 0.1, momentum: 0.9, nesterov: true })).toEqual({
    kind: "sgd",
    rate: 0.1,
    momentum: 0.9,
    nesterov: true,
    weightDecay: 0,
  });
  expect(adam()).toEqual({ kind: "adam", rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
  expect(adamW()).toEqual({ ...adam(), kind: "adamW", weightDecay: 0.01 });
  expect(stepDecay({ everyEpochs: 3 })).toEqual({ kind: "stepDecay", everyEpochs: 3, factor: 0.5 });
  expect(oneCycle()).toEqual({ kind: "oneCycle", peakAt: 0.3, startFactor: 0.04, endFactor: 0.0001 });
  expect([shift(2), rotate(10), scale(0.1)]).toEqual([
    { kind: "shift", pixels: 2 },
    { kind: "rotate", degrees: 10 },
    { kind: "scale", share: 0.1 },
  ]);
});

test("a maker of one line refuses what it does not know, and names the nearest", () => {
  expect(() => adadelta({ rat: 1 } as never)).toThrow("adadelta(): the key `rat` is unknown, wanted `rate`, perhaps");
  expect(() => adam({ rate: -1 })).toThrow("adam(): rate is -1, wanted a number over 0");
  expect(() => sgd({ nesterov: 1 as never })).toThrow("sgd(): nesterov is 1, wanted true or false");
  expect(() => cosine({ floor: 1 })).toThrow("cosine(): floor is 1, wanted a number from 0 up to, not including, 1");
  expect(() => cosine("fast" as never)).toThrow(
    'cosine(): its argument is "fast", wanted an object with warmupEpochs, floor',
  );
  expect(() => shift(Number.NaN)).toThrow("shift(): pixels is NaN, wanted a number over 0, at most 1000");
  expect(() => rotate(-3)).toThrow("rotate(): degrees is -3, wanted a number over 0, at most 180");
  expect(() => scale(1)).toThrow("scale(): share is 1, wanted a number between 0 and 1");
});

test("sequential names every fault at once", () => {
  const wrong = {
    layers: [conv(4, 3), relu, 7],
    epoch: 3,
    batch: 0,
    validation: 1,
    optimizer: "adam",
    augment: [shift],
  };
  expect(faultsOf(() => sequential(wrong as never))).toEqual([
    "the key `epoch` is unknown, wanted `epochs`, perhaps (known: layers, loss, optimizer, schedule, augment, batch, epochs, seed, validation, workers, engine, keep)",
    "batch is 0, wanted a whole number from 1 to 65536",
    "validation is 1, wanted a number from 0 up to, not including, 1",
    'optimizer is "adam", wanted sgd(), adadelta(), adam() or adamW()',
    "augment is [null], wanted a list of shift(), rotate(), scale() and flip()",
    "layers[1] is relu itself, wanted a layer such as relu()",
    "layers[2] is 7, wanted a layer such as relu()",
  ]);
  expect(faultsOf(() => sequential({} as never))).toEqual([
    "layers is missing, wanted a list such as [conv(32, 3), relu(), flatten(), dense(10)]",
  ]);
  expect(faultsOf(() => sequential(undefined as never))).toHaveLength(1);
});

test("command names every fault at once, parameters that JSON would change among them", () => {
  expect(command({ command: ["python3", "train.py"], parameters: { depth: 3 } })).toEqual({
    kind: "command",
    command: ["python3", "train.py"],
    parameters: { depth: 3 },
    seed: 1,
    validation: 0.2,
  });
  expect(
    faultsOf(() => command({ command: "python3 train.py", parameters: { rate: Number.NaN }, sed: 2 } as never)),
  ).toEqual([
    'command is "python3 train.py", wanted a list of words such as ["python3", "train.py"]',
    'parameters is {"rate":null}, wanted an object of JSON values',
    "the key `sed` is unknown, wanted `seed`, perhaps (known: command, parameters, seed, validation)",
  ]);
  expect(faultsOf(() => command({ parameters: { when: new Date(0) } } as never))).toHaveLength(2);
});

function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    return (error as { details: { faults: string[] } }).details.faults;
  }
  return [];
}
