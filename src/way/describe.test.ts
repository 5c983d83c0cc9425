import { expect, test } from "vitest";
import type { Artifact } from "../artifact/types.ts";
import { digestOf } from "../base/digest.ts";
import type { FileDataset } from "../data/types.ts";
import { describeDataset, describeTraining, describeVerification } from "./describe.ts";

const digest = digestOf("weights");
const dataset: FileDataset = {
  kind: "file",
  source: { kind: "file", role: "weights", path: "ssd300.pth", size: undefined, digest: undefined },
  path: "/project/ssd300.pth",
  folder: "/project",
  digest,
  labels: ["weights"],
  entries: [{ path: "ssd300.pth", label: "weights", digest, size: 105_160_538 }],
  warnings: [],
};

test("weights that were trained elsewhere are told by their file and their size", () => {
  const figures = { metrics: { parameters: 26_285_486 }, history: [], inputs: digest, seed: 0, durationSeconds: 2 };
  const lineage = { ...figures, parameters: {} };
  const artifact = { lineage, digest } as unknown as Artifact;
  const split = { train: Int32Array.of(0), validation: new Int32Array() };
  expect(describeDataset(dataset, { locked: true }).text).toBe("ssd300.pth, 105.2 MB · sha256:9a129038d9a0… · locked");
  expect(describeTraining({ artifact, trained: true }, { dataset, split }).text).toBe("26,285,486 parameters");
  const facts = { count: 0, correct: 0, p50: 0, p99: 0, seconds: 0.1 };
  const found = { ...facts, metric: { name: "accuracy", value: Number.NaN } };
  expect(describeVerification(found, dataset)).toEqual({ text: "ready, with this model", facts });
});
