import { expect, test } from "vitest";
import { createLineReader, parseEpoch, toProgress } from "./output.ts";

test("lines come whole, whatever the pieces; a lone carriage return ends one too", () => {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  for (const piece of ["one\ntw", "o\r", "\nthree\r\n", " 10%\r 20%\r", " 30%\n\n  \nlast"]) reader.push(piece);
  reader.end();
  expect(lines).toEqual(["one", "two", "three", " 10%", " 20%", " 30%", "last"]);
});

test("a line without an end does not fill the memory", () => {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  for (let i = 0; i < 100; i++) reader.push("x".repeat(1000));
  reader.end();
  expect(lines.every(({ length }) => length <= 65_536)).toBe(true);
  expect(lines.length).toBeGreaterThan(1);
});

test.each([
  ["epoch 3/10 loss=0.31 accuracy=0.97", { epoch: 3, epochs: 10, numbers: { loss: 0.31, accuracy: 0.97 } }],
  ["Epoch 3 of 10: loss: 1e-3", { epoch: 3, epochs: 10, numbers: { loss: 0.001 } }],
  ["[epoch 7] val_loss = -2", { epoch: 7, numbers: { val_loss: -2 } }],
  ["Epoch: 12", { epoch: 12, numbers: {} }],
])("%s", (line, wanted) => {
  expect(parseEpoch(line)).toEqual(wanted);
});

test.each(["epochs: many", "the epoch 3", "loss=0.3", ""])("no epoch: %s", (line) => {
  expect(parseEpoch(line)).toBeUndefined();
});

test("a line becomes progress: as stated, as an epoch, or as itself without control characters", () => {
  expect(toProgress('progress: {"label":"fold 2","done":2,"total":5,"figures":{"loss":0.5}}')).toEqual({
    step: "train",
    label: "fold 2",
    done: 2,
    total: 5,
    figures: { loss: "0.5" },
  });
  expect(toProgress("progress: {oops}")).toEqual({ step: "train", label: "progress: {oops}" });
  expect(toProgress("epoch 2 loss=1")).toEqual({ step: "train", label: "epoch 2", figures: { loss: "1" } });
  expect(toProgress("\u001b[31mred\u001b[0m\talert\u0007")).toEqual({ step: "train", label: "red alert" });
  expect(toProgress("y".repeat(200)).label).toHaveLength(80);
});
