/** @file Which pictures are near which: by onnxruntime, in blocks, so that tens of thousands of rows need no table of all pairs. */
import {
  addInitializer,
  addInput,
  addNode,
  addNodes,
  addOutput,
  createGraph,
  indices,
  int,
  toModel,
} from "../../graph/build.ts";
import { createSession } from "../../graph/run.ts";
import { writeModel } from "../../onnx/write.ts";
import type { Table } from "./types.ts";

/** Rows × features, row by row. */
export interface Features {
  rows: number;
  width: number;
  values: Float32Array;
}

export interface Pictures {
  count: number;
  height: number;
  width: number;
  channels: number;
  /** count × height × width × channels, 0..255. */
  pixels: Uint8Array;
}

/** Rows compared with all others at once. */
const block = 512;
/** Side of the picture that is compared: fine strokes move by a pixel from one hand to another, so they are averaged away. */
const side = 14;

/** Pictures averaged down to at most 14 × 14, each of length 1, so that a product of two is their cosine. */
export function toFeatures({ count, height, width, channels, pixels }: Pictures): Features {
  const rows = Math.min(side, height);
  const columns = Math.min(side, width);
  const size = rows * columns * channels;
  const values = new Float32Array(count * size);
  const cells = new Float64Array(size);
  const weights = new Float64Array(size);
  for (let picture = 0; picture < count; picture++) {
    cells.fill(0);
    weights.fill(0);
    let from = picture * height * width * channels;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const cell = (Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)) * channels;
        for (let channel = 0; channel < channels; channel++) {
          cells[cell + channel]! += pixels[from++]!;
          weights[cell + channel]!++;
        }
      }
    for (let cell = 0; cell < size; cell++) values[picture * size + cell] = cells[cell]! / weights[cell]!;
    normalize(values.subarray(picture * size, (picture + 1) * size));
  }
  return { rows: count, width: size, values };
}

/** The `k` nearest of `among` to each row of `features`, nearest first: indices, row by row. A row is no neighbour of its own where both are the same list. */
export async function findNeighbours(features: Features, k: number, among: Features = features): Promise<Int32Array> {
  const own = features === among;
  const wanted = Math.min(k, among.rows - (own ? 1 : 0));
  const found = new Int32Array(features.rows * wanted);
  if (wanted <= 0) return found;
  const session = await createSession(writeModel(buildSearch(among, wanted + (own ? 1 : 0))), { name: "neighbours" });
  try {
    for (let from = 0; from < features.rows; from += block) {
      const rows = Math.min(block, features.rows - from);
      const data = features.values.subarray(from * features.width, (from + rows) * features.width);
      const { nearest } = await session.run({ rows: { type: "float32", shape: [rows, features.width], data } });
      const indexes = nearest!.data as BigInt64Array;
      const width = indexes.length / rows;
      for (let row = 0; row < rows; row++) {
        let at = (from + row) * wanted;
        const end = at + wanted;
        for (let column = 0; column < width && at < end; column++) {
          const index = Number(indexes[row * width + column]);
          if (!own || index !== from + row) found[at++] = index;
        }
      }
    }
  } finally {
    await session.release();
  }
  return found;
}

/** Share of each label among each row's neighbours. */
export function voteOf(neighbours: Int32Array, rows: number, targets: ArrayLike<number>, classes: number): Table {
  const values = new Float32Array(rows * classes);
  const k = neighbours.length / rows;
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < k; i++) values[row * classes + targets[neighbours[row * k + i]!]!]! += 1 / k;
  return { rows, classes, values };
}

/**
 * Pairs of rows that show the same picture: equal pixels, or, among neighbours, pixels that differ by less than `distance` grey levels
 * (root of the mean square). The same JPEG saved again at quality 75 moves by 3 at most; different digits are 9 apart and more.
 */
export function findSame(pictures: Pictures, neighbours: Int32Array, distance = 5): [number, number][] {
  const { count, pixels } = pictures;
  const size = pixels.length / count;
  const k = neighbours.length / count;
  const pairs: [number, number][] = [];
  const limit = distance * distance * size;
  for (let row = 0; row < count; row++)
    for (let i = 0; i < k; i++) {
      const other = neighbours[row * k + i]!;
      // Each pair once. A pair may be near from one side alone, where many are equally near.
      if (other < row && isNeighbour(neighbours, k, other, row)) continue;
      if (isNear(pixels, row * size, other * size, size, limit))
        pairs.push([Math.min(row, other), Math.max(row, other)]);
    }
  return pairs;
}

function isNeighbour(neighbours: Int32Array, k: number, row: number, other: number): boolean {
  for (let i = 0; i < k; i++) if (neighbours[row * k + i] === other) return true;
  return false;
}

function isNear(pixels: Uint8Array, a: number, b: number, size: number, limit: number): boolean {
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const difference = pixels[a + i]! - pixels[b + i]!;
    sum += difference * difference;
    if (sum > limit) return false;
  }
  return true;
}

function buildSearch({ rows, width, values }: Features, k: number) {
  const graph = createGraph("neighbours");
  const input = addInput(graph, "rows", "float32", ["n", width]);
  const all = addInitializer(graph, "all", "float32", [rows, width], values);
  const columns = addNode(graph, "Transpose", [all], { type: "float32", shape: [width, rows] });
  const cosines = addNode(graph, "MatMul", [input, columns], { type: "float32", shape: ["n", rows] });
  const [, nearest] = addNodes(
    graph,
    "TopK",
    [cosines, indices(graph, [k])],
    [
      { type: "float32", shape: ["n", k] },
      { type: "int64", shape: ["n", k] },
    ],
    { attributes: { axis: int(1), sorted: int(1) } },
  );
  addOutput(graph, "nearest", nearest!);
  return toModel(graph);
}

function normalize(values: Float32Array): void {
  let sum = 0;
  for (const value of values) sum += value * value;
  // A black picture has no direction: it is near to nothing.
  const length = Math.sqrt(sum) || 1;
  for (let i = 0; i < values.length; i++) values[i]! /= length;
}
