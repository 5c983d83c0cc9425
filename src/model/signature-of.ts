/** @file The signature of an ONNX file: the one it carries, or the one that its inputs and outputs imply. */

import { readModel } from "../onnx/read.ts";
import type { ElementType, Graph, Model, ValueInfo } from "../onnx/types.ts";
import { modelUnservable, signatureLabels, signatureMismatch } from "./errors.ts";
import type { Content, Datatype, Signature, TensorSignature } from "./signature.ts";
import { parseSignature } from "./signature-text.ts";

/** Key of the signature's JSON among the file's `metadata_props`. */
export const signatureKey = "slipway.signature";

/**
 * Reads the signature from the file's metadata, or derives one for a file made by others:
 * - an input [rows, height, width, 1 or 3] of uint8 or float32 with fixed sizes is an image, its pixels 0..255 either way;
 * - an output [rows, classes] of floats that comes from a softmax, or is called something like "probabilities", has one number for
 *   each label: `labels` where given, else "0", "1" and so on;
 * - every other tensor is plain numbers.
 * Refuses what cannot be served: values that are no tensors, unknown shapes, weights in other files.
 */
export function readSignature(file: Uint8Array, labels?: readonly string[]): Signature {
  const model = readModel(file);
  refuseExternalData(model.graph);
  const derived = deriveSignature(model, labels);
  const text = model.metadata[signatureKey];
  if (text === undefined) return derived;
  const signature = parseSignature(text);
  for (const port of ["inputs", "outputs"] as const) compare(signature[port], derived[port]);
  return signature;
}

function deriveSignature({ graph }: Model, labels: readonly string[] | undefined): Signature {
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => !weights.has(name)).map((input) => toTensor("input", input));
  const outputs = graph.outputs.map((output) => toTensor("output", output));
  if (inputs.length === 0) throw modelUnservable({ what: "the model", fault: "it has no inputs" });
  if (outputs.length === 0) throw modelUnservable({ what: "the model", fault: "it has no outputs" });
  return {
    inputs: inputs.map((tensor) => withContent(tensor, imageOf(tensor))),
    outputs: outputs.map((tensor) => withContent(tensor, probabilitiesOf(graph, tensor, labels))),
  };
}

/** Open Inference Protocol names. What is not here cannot cross the protocols. */
const datatypes: Partial<Record<ElementType, Datatype>> = {
  bool: "BOOL",
  uint8: "UINT8",
  uint16: "UINT16",
  uint32: "UINT32",
  uint64: "UINT64",
  int8: "INT8",
  int16: "INT16",
  int32: "INT32",
  int64: "INT64",
  float16: "FP16",
  float32: "FP32",
  float64: "FP64",
  string: "BYTES",
};

function toTensor(kind: "input" | "output", { name, type }: ValueInfo): TensorSignature {
  const what = `${kind} ${name}`;
  if (type.kind !== "tensor") throw modelUnservable({ what, fault: `it is a ${type.kind}, wanted a tensor` });
  const datatype = datatypes[type.element];
  if (datatype === undefined)
    throw modelUnservable({ what, fault: `its elements are ${type.element}, which no protocol carries` });
  if (type.shape === undefined) throw modelUnservable({ what, fault: "its shape is unknown, even the number of axes" });
  if (type.shape.length === 0)
    throw modelUnservable({ what, fault: "it is a single number, wanted a first axis for the batch" });
  return { name, datatype, shape: type.shape.map((size) => (typeof size === "number" && size >= 0 ? size : -1)) };
}

function withContent(tensor: TensorSignature, content: Content | undefined): TensorSignature {
  return content === undefined ? tensor : { ...tensor, content };
}

function imageOf({ datatype, shape }: TensorSignature): Content | undefined {
  const [, height = -1, width = -1, channels] = shape;
  const pixels = datatype === "UINT8" || datatype === "FP32";
  if (!pixels || shape.length !== 4 || height < 1 || width < 1 || (channels !== 1 && channels !== 3)) return undefined;
  return { kind: "image", height, width, channels };
}

function probabilitiesOf(
  graph: Graph,
  tensor: TensorSignature,
  labels: readonly string[] | undefined,
): Content | undefined {
  const [, classes = -1] = tensor.shape;
  const numbers = tensor.datatype === "FP32" || tensor.datatype === "FP64" || tensor.datatype === "FP16";
  if (!numbers || tensor.shape.length !== 2) return undefined;
  if (!/prob/i.test(tensor.name) && !comesFromSoftmax(graph, tensor.name)) return undefined;
  // The exporter may have left the number of classes open: the labels then say it.
  const count = classes === -1 ? labels?.length : classes;
  if (count === undefined || count < 2) return undefined;
  if (labels !== undefined && labels.length !== count) {
    throw signatureLabels({ output: tensor.name, classes: count, labels: labels.length });
  }
  return { kind: "probabilities", labels: labels ?? Array.from({ length: count }, (_, index) => String(index)) };
}

/** Looks through the nodes that change no numbers. */
function comesFromSoftmax(graph: Graph, name: string): boolean {
  const node = graph.nodes.find(({ outputs }) => outputs.includes(name));
  if (node === undefined) return false;
  const passing = ["Identity", "Reshape", "Squeeze", "Flatten", "Cast"].includes(node.op);
  return passing
    ? comesFromSoftmax({ ...graph, nodes: graph.nodes.filter((other) => other !== node) }, node.inputs[0] ?? "")
    : node.op === "Softmax";
}

function refuseExternalData(graph: Graph): void {
  const outside = graph.initializers.find(({ external }) => external !== undefined);
  if (outside === undefined) return;
  const where = outside.external?.["location"] ?? "another file";
  throw modelUnservable({
    what: "the model",
    fault: `its weights lie in ${where}, wanted one file with everything in it`,
  });
}

/** The signature that a file carries must be of the same tensors as the file itself. */
function compare(stated: readonly TensorSignature[], derived: readonly TensorSignature[]): void {
  for (const { name, datatype, shape } of stated) {
    const actual = derived.find((tensor) => tensor.name === name);
    const wanted = actual === undefined ? "no such tensor" : `${actual.datatype} [${actual.shape.join(", ")}]`;
    const fits =
      actual?.shape.length === shape.length && actual.shape.every((size, axis) => size === -1 || size === shape[axis]);
    if (!fits || actual?.datatype !== datatype)
      throw signatureMismatch({ tensor: name, stated: `${datatype} [${shape.join(", ")}]`, actual: wanted });
  }
  const missing = derived.find(({ name }) => !stated.some((tensor) => tensor.name === name));
  if (missing !== undefined)
    throw signatureMismatch({
      tensor: missing.name,
      stated: "nothing",
      actual: `${missing.datatype} [${missing.shape.join(", ")}]`,
    });
}
