/** @file Some little images that a small detector learns in a blink: light boxes and dark ones, up to two in each, on a grey ground. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BoxExamples, LabelledBox } from "../../data/types.ts";
import { batchNorm, conv, maxPool, relu } from "../../model/layers.ts";
import { hash32 } from "../sequential/random.ts";
import type { TrainContext } from "../types.ts";

export const tinySide = 24;

export function tinyBoxes(count = 96): BoxExamples {
  const pixels = new Uint8Array(new SharedArrayBuffer(count * tinySide * tinySide));
  const boxes = Array.from({ length: count }, (_, row) => {
    const own = pixels.subarray(row * tinySide * tinySide, (row + 1) * tinySide * tinySide);
    for (let at = 0; at < own.length; at++) own[at] = 110 + (hash32(row, at) % 30);
    // One in each half, so that they do not meet; every eighth image is empty.
    const halves = row % 8 === 7 ? [] : row % 3 === 0 ? [0, 1] : [row % 2];
    return halves.map((half): LabelledBox => {
      const label = hash32(row, half, 1) % 2;
      const size = 8 + (hash32(row, half, 2) % 3);
      const left = half * 12 + (hash32(row, half, 3) % (13 - size));
      const top = hash32(row, half, 4) % (tinySide - size);
      for (let y = top; y < top + size; y++)
        own.fill(label === 0 ? 240 : 10, y * tinySide + left, y * tinySide + left + size);
      return {
        label,
        corners: [left / tinySide, top / tinySide, (left + size) / tinySide, (top + size) / tinySide],
      };
    });
  });
  return {
    kind: "boxes",
    count,
    labels: ["light", "dark"],
    boxes,
    height: tinySide,
    width: tinySide,
    channels: 1,
    pixels,
  };
}

/** Places of 4 pixels. */
export const tinyBackbone = [
  conv(8, 3, { padding: 1 }),
  batchNorm(),
  relu(),
  maxPool(2),
  conv(16, 3, { padding: 1 }),
  batchNorm(),
  relu(),
  maxPool(2),
];

/** Every fourth row is held out. `workspace` is a fresh folder unless given. */
export function tinyBoxContext(changes: Partial<TrainContext<BoxExamples>> = {}): TrainContext<BoxExamples> {
  const examples = changes.examples ?? tinyBoxes();
  const rows = Int32Array.from({ length: examples.count }, (_, row) => row);
  return {
    examples,
    split: { train: rows.filter((row) => row % 4 !== 1), validation: rows.filter((row) => row % 4 === 1) },
    folder: "",
    paths: Array.from(rows, (row) => `${row}.png`),
    root: tmpdir(),
    workspace: mkdtempSync(join(tmpdir(), "slipway-train-")),
    resume: false,
    report: () => {},
    signal: new AbortController().signal,
    ...changes,
  };
}
