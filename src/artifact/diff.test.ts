import { expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { diffArtifacts } from "./diff.ts";
import { lineage, sampleContent } from "./fixtures/sample.ts";
import { packArtifact } from "./manifest.ts";

const first = packArtifact(sampleContent()).artifact;
const nothing = { metrics: [], parameters: [], dataset: { labels: [] }, versions: [], signature: [], model: {} };

test("the same model differs in nothing", () => {
  expect(diffArtifacts(first, packArtifact(sampleContent()).artifact)).toEqual({ same: true, ...nothing });
});

test("a model trained again at another time differs in its digest alone", () => {
  const again = packArtifact(sampleContent({ lineage: { startedAt: "2026-11-22T08:00:00Z" } })).artifact;
  expect(diffArtifacts(first, again)).toEqual({ same: false, ...nothing });
});

test("names each value that changed, by its path", () => {
  const second = packArtifact(
    sampleContent({
      model: "a larger ONNX file",
      lineage: {
        metrics: { accuracy: 0.99, f1: 0.9 },
        parameters: {
          layers: [{ kind: "conv", filters: 64, kernel: [3, 3] }, { kind: "dense", units: 2 }, { kind: "relu" }],
          batch: 64,
        },
        dataset: { digest: digestOf("more"), count: 13, labels: { "0": 6, "1": 5, "2": 2 } },
        code: digestOf("other code"),
        seed: 2,
        versions: { ...lineage.versions, node: "24.22.0" },
      },
    }),
  ).artifact;
  expect(diffArtifacts(first, second)).toEqual({
    same: false,
    metrics: [
      { path: "accuracy", before: 0.987, after: 0.99 },
      { path: "loss", before: 0.042 },
      { path: "f1", after: 0.9 },
    ],
    parameters: [
      { path: "layers[0].filters", before: 32, after: 64 },
      { path: "layers[0].kernel", after: [3, 3] },
      { path: "layers[2]", after: { kind: "relu" } },
      { path: "validation", before: 0.2 },
    ],
    dataset: {
      digest: { path: "digest", before: digestOf("dataset"), after: digestOf("more") },
      count: { path: "count", before: 12, after: 13 },
      labels: [
        { path: "1", before: 6, after: 5 },
        { path: "2", after: 2 },
      ],
    },
    code: { path: "code", before: digestOf("code"), after: digestOf("other code") },
    seed: { path: "seed", before: 1, after: 2 },
    versions: [{ path: "node", before: "24.21.0", after: "24.22.0" }],
    signature: [],
    model: {
      digest: { path: "digest", before: digestOf("an ONNX file"), after: digestOf("a larger ONNX file") },
      size: { path: "size", before: 12, after: 18 },
    },
  });
});

test("a changed shape is one change, with the whole shape", () => {
  const other = {
    ...first,
    signature: { ...first.signature, inputs: [{ ...first.signature.inputs[0]!, shape: [-1, 32, 32, 1] }] },
  };
  expect(diffArtifacts(first, other).signature).toEqual([
    { path: "inputs[0].shape", before: [-1, 28, 28, 1], after: [-1, 32, 32, 1] },
  ]);
});

test("NaN is the same as NaN, and not the same as a missing metric", () => {
  const metric = (metrics: Record<string, number>) => ({ ...first, lineage: { ...lineage, metrics } });
  expect(diffArtifacts(metric({ loss: NaN }), metric({ loss: NaN })).metrics).toEqual([]);
  expect(diffArtifacts(metric({ loss: NaN }), metric({})).metrics).toEqual([{ path: "loss", before: NaN }]);
  expect(diffArtifacts(metric({ loss: NaN }), metric({ loss: Infinity })).metrics).toEqual([
    { path: "loss", before: NaN, after: Infinity },
  ]);
});
