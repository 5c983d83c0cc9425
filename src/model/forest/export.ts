/** @file A forest as an ONNX file: the operator of ONNX-ML for trees, which every runtime has. */
import { addInput, addNodes, addOutput, createGraph, floats, ints, text, texts, at } from "../../graph/build.ts";
import { describeProbabilities, type Served, writeServed } from "../served.ts";
import type { Signature } from "../signature.ts";
import type { Forest } from "./tree.ts";

/**
 * Takes `features`, float32 [batch, columns], and gives `probabilities`, float32 [batch, labels]: the mean of the trees' leaves. Thresholds
 * have 32 bits, so a row goes the way it went in training. The operator's own label is left out: with two classes onnxruntime's is wrong.
 */
export function exportForest(forest: Forest, names: readonly string[], labels: readonly string[]): Served {
  const graph = createGraph("forest");
  const input = addInput(graph, "features", "float32", ["batch", names.length]);
  const outputs = addNodes(
    graph,
    "TreeEnsembleClassifier",
    [input],
    [
      { type: "int64", shape: ["batch"] },
      { type: "float32", shape: ["batch", labels.length] },
    ],
    { domain: "ai.onnx.ml", attributes: toAttributes(forest) },
  );
  addOutput(graph, "probabilities", at(outputs, 1));
  const signature: Signature = {
    inputs: [
      {
        name: "features",
        datatype: "FP32",
        shape: [-1, names.length],
        content: { kind: "features", names: [...names] },
      },
    ],
    outputs: [describeProbabilities(labels)],
  };
  return writeServed(graph, signature);
}

function toAttributes({ trees, classes }: Forest) {
  const nodes = {
    tree: [] as number[],
    id: [] as number[],
    column: [] as number[],
    value: [] as number[],
    mode: [] as string[],
    yes: [] as number[],
    no: [] as number[],
  };
  const leaves = { tree: [] as number[], node: [] as number[], label: [] as number[], weight: [] as number[] };
  for (const [tree, { column, threshold, left, right, shares }] of trees.entries()) {
    for (let node = 0; node < column.length; node++) {
      const isLeaf = column[node]! < 0;
      nodes.tree.push(tree);
      nodes.id.push(node);
      nodes.column.push(Math.max(0, column[node]!));
      nodes.value.push(threshold[node]!);
      nodes.mode.push(isLeaf ? "LEAF" : "BRANCH_LEQ");
      nodes.yes.push(isLeaf ? 0 : left[node]!);
      nodes.no.push(isLeaf ? 0 : right[node]!);
      if (!isLeaf) continue;
      for (let label = 0; label < classes; label++) {
        leaves.tree.push(tree);
        leaves.node.push(node);
        leaves.label.push(label);
        leaves.weight.push(shares[node * classes + label]! / trees.length);
      }
    }
  }
  return {
    nodes_treeids: ints(nodes.tree),
    nodes_nodeids: ints(nodes.id),
    nodes_featureids: ints(nodes.column),
    nodes_values: floats(Float32Array.from(nodes.value)),
    nodes_modes: texts(nodes.mode),
    nodes_truenodeids: ints(nodes.yes),
    nodes_falsenodeids: ints(nodes.no),
    class_treeids: ints(leaves.tree),
    class_nodeids: ints(leaves.node),
    class_ids: ints(leaves.label),
    class_weights: floats(Float32Array.from(leaves.weight)),
    classlabels_int64s: ints(Array.from({ length: classes }, (_, label) => label)),
    post_transform: text("NONE"),
  };
}
