/** @file The raw numbers of every box to the boxes that are reported: decoding, suppression and ranking, as nodes of a graph. */

import {
  addInitializer,
  addNode,
  addNodes,
  at,
  type GraphBuilder,
  indices,
  int,
  integer,
  ints,
  scalar,
  type Value,
} from "../../graph/build.ts";
import type { Heads } from "./network.ts";

/** A box must be of a class with more than this probability. */
const threshold = 0.01;
/** Of two boxes of a class that share more than this of what both cover, the less probable goes. */
const overlap = 0.45;
/** Boxes of each class that are compared, and boxes in all that are reported, where there are as many. */
export const mostDetections = 200;

/** How many rows are reported with so many starting boxes. */
export function countDetections(priors: Float32Array): number {
  return Math.min(mostDetections, priors.length / 4);
}

/** What the network's numbers are multiplied by: of the centre, and of the size. */
export const variances = [0.1, 0.2] as const;

/**
 * `detections`, float32 [batch, 200, 6] (fewer rows than 200 where there are fewer starting boxes): rows of [class, probability, left, top, right, bottom], best first, the corners as shares of
 * the image, uncut as in the original; rows that are left over are zero.
 *
 * As the original does it: the 200 most probable boxes of each class but the background are compared, and of what is left over all
 * classes the 200 most probable are kept. (The original means to do the latter, but fills a copy with zeros, and hands out up to 200
 * of every class.)
 */
export function addDetections(graph: GraphBuilder, { loc, conf }: Heads, priors: Float32Array): Value {
  const top = countDetections(priors);
  const [batch, , classes] = [at(loc.shape, 0), 0, Number(conf.shape[2])];
  const things = classes - 1;
  const rows = things * top;
  const corners = addCorners(graph, loc, priors);

  const probabilities = addNode(graph, "Softmax", [conf], conf, { attributes: { axis: int(-1) } });
  const byClass = addTranspose(graph, addSlice(graph, probabilities, 1, classes), [0, 2, 1]);
  const [scores, places] = addTop(graph, byClass, top);
  const candidates = addPick(graph, corners, addReshape(graph, places, [0, rows, 1], [batch, rows, 1]));

  // Each class of each image is suppressed on its own, so each counts as an image of one class.
  const boxes = addReshape(graph, candidates, [-1, top, 4], ["sets", top, 4]);
  const alone = addReshape(graph, scores, [-1, 1, top], ["sets", 1, top]);
  const kept = addNode(
    graph,
    "NonMaxSuppression",
    [boxes, alone, indices(graph, [top]), scalar(graph, overlap), scalar(graph, threshold)],
    { type: "int64", shape: ["kept", 3] },
  );
  const survivors = addScatter(graph, alone, kept);

  const [best, ranks] = addTop(graph, addReshape(graph, survivors, [-1, rows], [batch, rows]), top);
  const column = [batch, top, 1] as const;
  const rank = addReshape(graph, ranks, [0, top, 1], column);
  const score = addReshape(graph, best, [0, top, 1], column);
  const box = addPick(graph, candidates, rank);
  const label = addNode(
    graph,
    "Add",
    [addNode(graph, "Div", [rank, integer(graph, top)], rank), integer(graph, 1)],
    rank,
  );
  const named = addNode(graph, "Cast", [label], { type: "float32", shape: column }, { attributes: { to: int(1) } });
  const row = { type: "float32", shape: [batch, top, 6] } as const;
  const found = addNode(graph, "Concat", [named, score, box], row, { attributes: { axis: int(-1) } });
  const alive = addNode(graph, "Greater", [score, scalar(graph, 0)], { type: "bool", shape: column });
  return addNode(graph, "Where", [alive, found, scalar(graph, 0)], row);
}

/** [batch, boxes, 4] of left, top, right, bottom. */
function addCorners(graph: GraphBuilder, loc: Value, priors: Float32Array): Value {
  const count = priors.length / 4;
  const pairs = (name: string, value: (row: number, axis: number) => number): Value => {
    const data = Float32Array.from({ length: count * 2 }, (_, i) => value(i >> 1, i & 1));
    return addInitializer(graph, name, "float32", [1, count, 2], data);
  };
  const centres = pairs("prior centres", (row, axis) => priors[row * 4 + axis] ?? 0);
  const sizes = pairs("prior sizes", (row, axis) => priors[row * 4 + 2 + axis] ?? 0);
  const reach = pairs("prior reach", (row, axis) => variances[0] * (priors[row * 4 + 2 + axis] ?? 0));
  const half = { type: "float32", shape: [at(loc.shape, 0), count, 2] } as const;
  const moved = addNode(graph, "Mul", [addSlice(graph, loc, 0, 2), reach], half);
  const centre = addNode(graph, "Add", [moved, centres], half);
  const grown = addNode(graph, "Mul", [addSlice(graph, loc, 2, 4), scalar(graph, variances[1])], half);
  const size = addNode(graph, "Mul", [addNode(graph, "Exp", [grown], half), sizes], half);
  const radius = addNode(graph, "Mul", [size, scalar(graph, 0.5)], half);
  const ends = (["Sub", "Add"] as const).map((op) => addNode(graph, op, [centre, radius], half));
  return addNode(graph, "Concat", ends, loc, { attributes: { axis: int(-1) } });
}

/** The survivors keep their scores; the others get zero. */
function addScatter(graph: GraphBuilder, scores: Value, kept: Value): Value {
  const shape = addNode(graph, "Shape", [scores], { type: "int64", shape: [3] });
  const nothing = addNode(graph, "ConstantOfShape", [shape], scores);
  const values = addNode(graph, "GatherND", [scores, kept], { type: "float32", shape: [at(kept.shape, 0)] });
  return addNode(graph, "ScatterND", [nothing, kept, values], scores);
}

/** The largest along the last axis and their places. */
function addTop(graph: GraphBuilder, x: Value, top: number): [Value, Value] {
  const shape = [...x.shape.slice(0, -1), top];
  const options = { attributes: { axis: int(-1), largest: int(1), sorted: int(1) } };
  const specs = [{ type: "float32", shape } as const, { type: "int64", shape } as const];
  const [values, places] = addNodes(graph, "TopK", [x, indices(graph, [top])], specs, options);
  return [values ?? x, places ?? x];
}

/** Rows of each image's own: x [batch, n, 4] at places [batch, m, 1]. */
function addPick(graph: GraphBuilder, x: Value, places: Value): Value {
  const shape = [at(places.shape, 0), at(places.shape, 1), at(x.shape, 2)];
  return addNode(graph, "GatherND", [x, places], { type: "float32", shape }, { attributes: { batch_dims: int(1) } });
}

/** Part of the last axis. */
function addSlice(graph: GraphBuilder, x: Value, from: number, to: number): Value {
  const inputs = [x, indices(graph, [from]), indices(graph, [to]), indices(graph, [-1])];
  return addNode(graph, "Slice", inputs, { type: x.type, shape: [...x.shape.slice(0, -1), to - from] });
}

function addTranspose(graph: GraphBuilder, x: Value, axes: readonly number[]): Value {
  const shape = axes.map((axis) => at(x.shape, axis));
  return addNode(graph, "Transpose", [x], { type: x.type, shape }, { attributes: { perm: ints(axes) } });
}

/** In `sizes`, 0 keeps what is there and -1 is what is left. */
function addReshape(graph: GraphBuilder, x: Value, sizes: readonly number[], shape: Value["shape"]): Value {
  return addNode(graph, "Reshape", [x, indices(graph, sizes)], { type: x.type, shape });
}
