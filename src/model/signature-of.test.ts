import { describe, expect, test } from "vitest";
import { parseModelText } from "../onnx/parse-text.ts";
import { addMetadata, writeModel } from "../onnx/write.ts";
import { modelUnservable, signatureLabels, signatureMalformed, signatureMismatch } from "./errors.ts";
import { readSignature, signatureKey } from "./signature-of.ts";

const image = { kind: "image", height: 28, width: 28, channels: 1 };

describe("a signature is derived", () => {
  test("for pixels in and a softmax out", () => {
    const file = fileOf(
      "g (uint8[batch, 28, 28, 1] x) => (float32[batch, 3] y) { h = Flatten (x) z = Softmax (h) y = Identity (z) }",
    );
    expect(readSignature(file)).toEqual({
      inputs: [{ name: "x", datatype: "UINT8", shape: [-1, 28, 28, 1], content: image }],
      outputs: [
        { name: "y", datatype: "FP32", shape: [-1, 3], content: { kind: "probabilities", labels: ["0", "1", "2"] } },
      ],
    });
    expect(readSignature(file, ["a", "b", "c"]).outputs[0]?.content).toEqual({
      kind: "probabilities",
      labels: ["a", "b", "c"],
    });
  });

  test("for an output by its name, with the labels where the file leaves their number open", () => {
    const file = fileOf(
      "g (float32[?, 4] x) => (int64[?] label, float32[?, ?] probabilities) { label, probabilities = ai.onnx.ml.TreeEnsembleClassifier (x) }",
    );
    expect(readSignature(file, ["no", "yes"]).outputs).toEqual([
      { name: "label", datatype: "INT64", shape: [-1] },
      {
        name: "probabilities",
        datatype: "FP32",
        shape: [-1, -1],
        content: { kind: "probabilities", labels: ["no", "yes"] },
      },
    ]);
    expect(readSignature(file).outputs[1]).toEqual({ name: "probabilities", datatype: "FP32", shape: [-1, -1] });
  });

  test("for float pixels, and not for planes of channels or weights among the inputs", () => {
    const file = fileOf(
      "g (float32[1, 28, 28, 1] pixels, float32[N, 3, 28, 28] planes, float32[2] w) => (float32[N, 10] logits) < float32[2] w = {1, 2} > { logits = X (pixels, planes, w) }",
    );
    expect(readSignature(file)).toEqual({
      inputs: [
        { name: "pixels", datatype: "FP32", shape: [1, 28, 28, 1], content: image },
        { name: "planes", datatype: "FP32", shape: [-1, 3, 28, 28] },
      ],
      outputs: [{ name: "logits", datatype: "FP32", shape: [-1, 10] }],
    });
  });
});

describe("refused, by name", () => {
  test.for<[string, string, string, string]>([
    [
      "maps",
      "g (float32[N, 2] x) => (sequence p) { p = ZipMap (x) }",
      modelUnservable.code,
      "output p cannot be served: it is a sequence, wanted a tensor",
    ],
    [
      "unknown ranks",
      "g (float32 x) => (float32[N] y) { y = X (x) }",
      modelUnservable.code,
      "input x cannot be served: its shape is unknown",
    ],
    ["no batch axis", "g (float32[] x) => (float32[N] y) { y = X (x) }", modelUnservable.code, "it is a single number"],
    [
      "elements that no protocol has",
      "g (bfloat16[N] x) => (float32[N] y) { y = X (x) }",
      modelUnservable.code,
      "its elements are bfloat16",
    ],
    ["no inputs", "g () => (float32[N] y) { y = X () }", modelUnservable.code, "it has no inputs"],
    [
      "another number of labels",
      "g (float32[N, 2] x) => (float32[N, 2] y) { y = Softmax (x) }",
      signatureLabels.code,
      "output y has 2 classes, but the dataset has 3 labels",
    ],
  ])("%s", ([, text, code, message]) => {
    expect(() => readSignature(fileOf(text), ["a", "b", "c"])).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
    );
  });

  test("weights in other files", () => {
    const graph = {
      name: "g",
      nodes: [],
      inputs: [],
      outputs: [],
      initializers: [{ name: "w", type: "float32" as const, shape: [4], data: [], external: { location: "w.bin" } }],
    };
    const file = writeModel({
      irVersion: 8,
      opsets: { "": 17 },
      producer: { name: "", version: "" },
      metadata: {},
      graph,
    });
    expect(() => readSignature(file)).toThrow(/its weights lie in w.bin/);
  });
});

describe("a signature in the file's metadata", () => {
  const file = fileOf("g (float32[N, 2] x) => (float32[N, 2] y) { y = X (x) }");
  const stated = {
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
    outputs: [
      { name: "y", datatype: "FP32", shape: [-1, 2], content: { kind: "probabilities", labels: ["no", "yes"] } },
    ],
  };
  const withStated = (text: string): Uint8Array => addMetadata(file, signatureKey, text);

  test("goes before what the file implies", () => {
    expect(readSignature(withStated(JSON.stringify(stated)))).toEqual(stated);
  });

  test.for<[string, string, string]>([
    ["{", signatureMalformed.code, "it is not JSON"],
    [JSON.stringify({ ...stated, inputs: [] }), signatureMalformed.code, "inputs"],
    [JSON.stringify({ ...stated, extra: 1 }), signatureMalformed.code, "extra"],
    [
      JSON.stringify({
        ...stated,
        outputs: [{ ...stated.outputs[0], content: { kind: "probabilities", labels: ["a", "b", "c"] } }],
      }),
      signatureMalformed.code,
      "its content does not agree with its shape",
    ],
    [
      JSON.stringify({ ...stated, inputs: [{ name: "x", datatype: "UINT8", shape: [-1, 2] }] }),
      signatureMismatch.code,
      "says x is UINT8 [-1, 2]; in the file it is FP32 [-1, 2]",
    ],
    [
      JSON.stringify({ ...stated, inputs: [{ name: "z", datatype: "FP32", shape: [-1, 2] }] }),
      signatureMismatch.code,
      "no such tensor",
    ],
  ])("is refused where it is wrong: %s", ([text, code, message]) => {
    expect(() => readSignature(withStated(text))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
    );
  });
});

function fileOf(graph: string): Uint8Array {
  return writeModel(parseModelText(`<ir_version: 8, opset_import: ["": 17]>\n${graph}`));
}
