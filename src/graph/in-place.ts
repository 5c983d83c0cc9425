/**
 * @file Results that stay where they were asked for. onnxruntime-node 1.30 writes results into the arrays that a caller binds,
 * and then copies each into a new ArrayBuffer to hand it back as well: for a training step some 27 MB of fresh memory, page faults and garbage
 * collections, a third of its time. It makes these copies in the order of the outputs, and gives up at the first that is
 * no tensor. So a model that is to leave its results in place gets such an output as its first.
 */
import type { Model, Node } from "../onnx/types.ts";

/** Name of the output that stands in the way of the copies. */
export const stopper = "no.copies";

/** The model with one more output, before all others, that onnxruntime-node cannot hand over. */
export function leaveInPlace(model: Model): Model {
  const { graph } = model;
  const nothing: Node = {
    name: stopper,
    op: "SequenceEmpty",
    domain: "",
    inputs: [],
    outputs: [stopper],
    attributes: {},
  };
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...graph.nodes, nothing],
      outputs: [{ name: stopper, type: { kind: "unknown" } }, ...graph.outputs],
    },
  };
}

/** Whether an error is onnxruntime-node's refusal to hand over the stopper: the run itself is done then, results and all. */
export function isStopped(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Non tensor type");
}
