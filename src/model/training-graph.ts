/** @file The graph of one training step: forward, loss and every parameter's gradient. */

import { apply, createTape, differentiate, type Tape } from "../graph/autodiff.ts";
import {
  addInput,
  addOutput,
  at,
  createGraph,
  type GraphBuilder,
  scalar,
  type Spec,
  sizesOf,
  toModel,
  type Value,
} from "../graph/build.ts";
import { meanSquaredError, multiboxLoss, softmax, softmaxCrossEntropy } from "../graph/ops/index.ts";
import type { Model } from "../onnx/types.ts";
import { addForward, type Forward, lookUpIn } from "./forward.ts";
import type { TrainingLoss } from "./layers.ts";
import type { NetworkPlan } from "./network.ts";

export interface TrainingGraphOptions {
  loss: TrainingLoss;
  /** Rows of the shard: fixed, so that onnxruntime can plan its memory. */
  rows: number;
  /** Rows of the whole batch, which loss and gradients are divided by. */
  batch: number;
  /** With `false` nothing is dropped, and batch norm uses its running statistics and leaves them as they are. */
  train: boolean;
  /** Adds the image's own gradient as an output: for tests. */
  imageGradient?: boolean;
}

export interface TrainingGraph {
  model: Model;
  /** Shapes of the random bytes (uint8) of each dropout layer, by the input's name. */
  masks: ReadonlyMap<string, readonly number[]>;
  /** Whether each statistic has an output with its new value. */
  updatesStatistics: boolean;
}

/**
 * Inputs: `image` [rows, C, H, W] scaled to 0..1, `targets` int64 [rows] (of a detector: [rows, anchors], with `offsets` [rows, anchors, 4]
 * and the scalar `scale`, see `multiboxLoss`), parameters and statistics by their names in the plan, masks.
 * Outputs: `loss` (a scalar), `gradient.<parameter>`, `new.<statistic>`; those of a shard add up to the batch's.
 */
export function buildTrainingGraph(plan: NetworkPlan, options: TrainingGraphOptions): TrainingGraph {
  const { loss, rows, batch, train, imageGradient = false } = options;
  const { channels, height, width } = plan.input;
  const graph = createGraph("training");
  const tape = createTape(graph, { training: true });
  const masks = new Map<string, number[]>();
  const image = addInput(graph, "image", "float32", [rows, channels, height, width]);
  const targets = addTargets(graph, plan, rows);
  const parameters = plan.parameters.map(({ name, shape }) => addInput(graph, name, "float32", shape));
  // Running statistics are read where nothing is dropped, and blended where they are renewed: an input either way.
  const statistics = plan.statistics.map(({ name, shape }) => addInput(graph, name, "float32", shape));
  const values = new Map([...parameters, ...statistics].map((value) => [value.name, value]));
  const addMask = (layer: string, spec: Spec): Value => {
    const name = `${layer}.mask`;
    masks.set(name, sizesOf(layer, spec));
    return addInput(graph, name, spec.type, spec.shape);
  };
  const forward = addForward(tape, plan, image, {
    lookUp: lookUpIn(values),
    ...(train && { addMask }),
  });
  const result = addLoss(tape, loss, forward, targets, batch);
  const by = imageGradient ? [...parameters, image] : parameters;
  const gradients = differentiate(tape, result, scalar(graph, 1), by);
  addOutput(graph, "loss", result);
  by.forEach(({ name }, index) => addOutput(graph, `gradient.${name}`, at(gradients, index)));
  for (const [name, value] of forward.statistics) addOutput(graph, `new.${name}`, value);
  return { model: toModel(graph), masks, updatesStatistics: forward.statistics.size > 0 };
}

function addTargets(graph: GraphBuilder, { head }: NetworkPlan, rows: number): Value[] {
  if (head === undefined) return [addInput(graph, "targets", "int64", [rows])];
  const anchors = head.anchors.length / 4;
  return [
    addInput(graph, "targets", "int64", [rows, anchors]),
    addInput(graph, "offsets", "float32", [rows, anchors, 4]),
    addInput(graph, "scale", "float32", []),
  ];
}

/** The squared error is that of the softmax, because probabilities are what is served. */
function addLoss(
  tape: Tape,
  loss: TrainingLoss,
  { logits, heads }: Forward,
  wanted: readonly Value[],
  batch: number,
): Value {
  const targets = at(wanted, 0);
  if (loss.kind === "multibox")
    return at(apply(tape, multiboxLoss, [...(heads === undefined ? [] : [heads.loc, heads.conf]), ...wanted], loss), 0);
  if (loss.kind === "crossEntropy") return at(apply(tape, softmaxCrossEntropy, [logits, targets], { rows: batch }), 0);
  const probabilities = at(apply(tape, softmax, [logits], null), 0);
  return at(apply(tape, meanSquaredError, [probabilities, targets], { rows: batch }), 0);
}
