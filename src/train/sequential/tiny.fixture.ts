/** @file Two hundred little images that a small network learns in a blink: bars that lie, stand or slant, somewhere, in noise. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageExamples } from "../../data/types.ts";
import { conv, dense, dropout, flatten, maxPool, relu } from "../../model/layers.ts";
import type { TrainContext } from "../types.ts";
import { hash32 } from "./random.ts";

const labels = ["lying", "standing", "slanting"];
const side = 10;

export function tinyExamples(count = 200): ImageExamples {
  const pixels = new Uint8Array(count * side * side);
  const targets = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const label = row % labels.length;
    const offset = 2 + (hash32(row, 1) % (side - 4));
    targets[row] = label;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const bar = label === 0 ? y === offset : label === 1 ? x === offset : (x + y) % side === offset;
        pixels[(row * side + y) * side + x] = (bar ? 180 : 20) + (hash32(row, x, y) % 60);
      }
    }
  }
  return { kind: "images", count, height: side, width: side, channels: 1, labels, pixels, targets };
}

export const tinyLayers = [conv(8, 3), relu(), maxPool(2), dropout(0.25), flatten(), dense(16), relu(), dense(3)];

/** Every fifth row is held out. `workspace` is a fresh folder unless given. */
export function tinyContext(changes: Partial<TrainContext> & { count?: number } = {}): TrainContext {
  const { count, ...rest } = changes;
  const examples = rest.examples ?? tinyExamples(count);
  const rows = Int32Array.from({ length: examples.count }, (_, row) => row);
  return {
    examples,
    split: { train: rows.filter((row) => row % 5 !== 0), validation: rows.filter((row) => row % 5 === 0) },
    folder: "",
    paths: Array.from(rows, (row) => `${labels[row % 3]}/${row}.png`),
    root: tmpdir(),
    workspace: rest.workspace ?? mkdtempSync(join(tmpdir(), "slipway-train-")),
    resume: false,
    report: () => {},
    signal: new AbortController().signal,
    ...rest,
  };
}
