/** @file How every exporter ends: a file that carries its signature, and what classifiers give. */
import { type GraphBuilder, toModel } from "../graph/build.ts";
import { writeModel } from "../onnx/write.ts";
import type { Signature, TensorSignature } from "./signature.ts";
import { signatureKey } from "./signature-of.ts";

/** What is served: the ONNX file, and what it takes and gives. */
export interface Served {
  model: Uint8Array;
  signature: Signature;
}

/** The signature travels in the file's metadata. */
export function writeServed(graph: GraphBuilder, signature: Signature): Served {
  return { model: writeModel(toModel(graph, { [signatureKey]: JSON.stringify(signature) })), signature };
}

/** The output `probabilities`, float32 [batch, labels]. */
export function describeProbabilities(labels: readonly string[]): TensorSignature {
  return {
    name: "probabilities",
    datatype: "FP32",
    shape: [-1, labels.length],
    content: { kind: "probabilities", labels: [...labels] },
  };
}
