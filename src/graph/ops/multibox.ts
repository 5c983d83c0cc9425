/** @file The loss of single-shot detectors (Liu et al. 2016, SSD, section 2.2): where each box is, and what it is. */

import {
  addNode,
  addNodes,
  at,
  type GraphBuilder,
  indices,
  int,
  integer,
  scalar,
  type Spec,
  type Value,
} from "../build.ts";
import { addReshape, addSum } from "./_nodes.ts";
import { oneHot } from "./loss.ts";
import { fixed, inputOf, type Op, sameSize, shapeOf } from "./op.ts";

const name = "multiboxLoss";

/**
 * Inputs, for N images with A anchors and C classes (0 is the background): `loc` [N, A, 4] and `conf` [N, A, C] of the network;
 * `targets`, int64 [N, A], the class that each anchor was matched to; `offsets` [N, A, 4], where its box is; `scale`, one over the
 * matched anchors of the whole batch. Output: a scalar, smooth L1 over matched anchors and softmax cross-entropy over those and
 * the `negatives` × as many of the background in each image that are told worst. The paper takes none of an image without any match;
 * here it counts as if it had one, because such images are the ones that say what is no object.
 */
export const multiboxLoss: Op<{ negatives: number }> = {
  name,
  infer(inputs) {
    const [loc, conf] = [inputOf(name, inputs, 0), inputOf(name, inputs, 1)];
    const [rows, anchors, four] = shapeOf(name, loc, 3);
    shapeOf(name, conf, 3);
    sameSize(name, "the last axis of loc", four, 4);
    for (const other of [conf, inputOf(name, inputs, 2), inputOf(name, inputs, 3)]) {
      sameSize(name, "the number of rows", other.shape[0], rows);
      sameSize(name, "the number of anchors", other.shape[1], anchors);
    }
    return [{ type: loc.type, shape: [] }];
  },
  emit(graph, inputs, { negatives }) {
    multiboxLoss.infer(inputs, { negatives });
    const [loc, conf, targets, offsets, scale] = [0, 1, 2, 3, 4].map((index) => inputOf(name, inputs, index)) as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const places: Spec = { type: conf.type, shape: conf.shape.slice(0, 2) };
    const wanted = oneHot(graph, targets, conf);
    const logs = addNode(graph, "LogSoftmax", [conf], conf, { attributes: { axis: int(-1) } });
    const hits = addSum(graph, addNode(graph, "Mul", [wanted, logs], conf), [2], places);
    const costs = addNode(graph, "Neg", [hits], places);
    const isObject = addNode(graph, "Greater", [targets, integer(graph, 0)], { ...places, type: "bool" });
    const matched = toFloat(graph, isObject);
    const counted = toFloat(graph, addCounted(graph, { costs, matched, isObject }, negatives));
    const telling = addNode(graph, "Mul", [costs, counted], places);

    // Smooth L1 of d is c·(d − c/2) with c, d cut to −1..1, and c is its derivative.
    const distance = addNode(graph, "Sub", [loc, offsets], loc);
    const slope = addNode(graph, "Clip", [distance, scalar(graph, -1), scalar(graph, 1)], loc);
    const rest = addNode(graph, "Sub", [distance, addNode(graph, "Mul", [slope, scalar(graph, 0.5)], loc)], loc);
    const far = addNode(graph, "Mul", [slope, rest], loc);
    const placing = addNode(graph, "Mul", [far, widen(graph, matched)], loc);

    const sum = { type: loc.type, shape: [] };
    const both = addNode(
      graph,
      "Add",
      [addSum(graph, telling, [0, 1], sum), addSum(graph, placing, [0, 1, 2], sum)],
      sum,
    );
    return { outputs: [addNode(graph, "Mul", [both, scale], sum)], saved: [slope, matched, logs, wanted, counted] };
  },
  gradient(graph, { inputs, saved, gradient }) {
    const [loc, conf, scale] = [inputOf(name, inputs, 0), inputOf(name, inputs, 1), inputOf(name, inputs, 4)];
    const [slope, matched, logs, wanted, counted] = [0, 1, 2, 3, 4].map((index) => inputOf(name, saved, index)) as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const factor = addNode(graph, "Mul", [gradient, scale], gradient);
    const scaled = (x: Value, mask: Value, like: Value): Value =>
      addNode(graph, "Mul", [addNode(graph, "Mul", [x, widen(graph, mask)], like), factor], like);
    const told = addNode(graph, "Sub", [addNode(graph, "Exp", [logs], conf), wanted], conf);
    return [scaled(slope, matched, loc), scaled(told, counted, conf), undefined, undefined, undefined];
  },
};

/** The matched anchors and, in each image, the costliest of the others: bool [N, A]. No gradient goes through the choice. */
function addCounted(
  graph: GraphBuilder,
  { costs, matched, isObject }: { costs: Value; matched: Value; isObject: Value },
  negatives: number,
): Value {
  const anchors = fixed(name, costs.shape, 1);
  // Below every cost, so that matched anchors come last.
  const background = addNode(graph, "Where", [isObject, scalar(graph, -1), costs], costs);
  const order = addOrder(graph, background, anchors, 1);
  // The order of an order is each anchor's place in it.
  const rank = addNode(graph, "Cast", [addOrder(graph, order, anchors, 0)], costs, { attributes: { to: int(1) } });
  const column: Spec = { type: costs.type, shape: [at(costs.shape, 0), 1] };
  const count = addReshape(
    graph,
    addSum(graph, matched, [1], { ...column, shape: [at(costs.shape, 0)] }),
    column.shape,
  );
  const least = addNode(graph, "Max", [count, scalar(graph, 1)], column);
  const most = addNode(graph, "Mul", [least, scalar(graph, negatives)], column);
  const flags: Spec = { type: "bool", shape: costs.shape };
  return addNode(graph, "Or", [isObject, addNode(graph, "Less", [rank, most], flags)], flags);
}

/** Where the largest (or smallest) along the last axis are. */
function addOrder(graph: GraphBuilder, x: Value, count: number, largest: 0 | 1): Value {
  const options = { attributes: { axis: int(-1), largest: int(largest), sorted: int(1) } };
  const specs = [x, { type: "int64", shape: x.shape } as const];
  return at(addNodes(graph, "TopK", [x, indices(graph, [count])], specs, options), 1);
}

/** [N, A] → [N, A, 1]. */
function widen(graph: GraphBuilder, x: Value): Value {
  return addReshape(graph, x, [...x.shape, 1]);
}

function toFloat(graph: GraphBuilder, x: Value): Value {
  return addNode(graph, "Cast", [x], { type: "float32", shape: x.shape }, { attributes: { to: int(1) } });
}
