import { describe, expect, test } from "vitest";
import type { Artifact } from "../artifact/types.ts";
import type { ModelRoute } from "../project/types.ts";
import { createMarker } from "./marks.ts";
import type { Question } from "./question.ts";

type Subject = Pick<Artifact, "signature" | "lineage">;

function subject(content: object, metrics: Readonly<Record<string, number>>): Subject {
  const outputs = [{ name: "o", datatype: "FP32", shape: [-1, 2], content }];
  return { signature: { inputs: [], outputs }, lineage: { metrics } } as unknown as Subject;
}

const read: Question["subject"] = { kind: "text", text: "" };
const labels = ["background", "cat", "dog"];
const boxes = (meanAveragePrecision: number): Subject => subject({ kind: "boxes", labels }, { meanAveragePrecision });
const left = [0, 0, 0.5, 1] as const;
const right = [0.5, 0, 1, 1] as const;
const one: Question = { name: "1", label: "cat", subject: read, boxes: [{ label: "cat", corners: left }] };
const two: Question = { name: "2", label: "dog", subject: read, boxes: [{ label: "dog", corners: right }] };

describe("boxes", () => {
  test("are measured as in training, and held against its figure", async () => {
    const marker = await createMarker(boxes(0.5), {});
    marker.mark(one, { labels: ["cat", "dog"], scores: [0.9, 0.2], boxes: [left, left] });
    marker.mark(two, { labels: ["cat"], scores: [0.3], boxes: [right] });
    expect(marker.result()).toEqual({ metric: { name: "meanAveragePrecision", value: 0.5 } });
    expect(() => marker.compare("http://here", 2)).not.toThrow();
  });

  test("that are found less precisely than in training are told, and so is an answer without any", async () => {
    const marker = await createMarker(boxes(0.9), {});
    marker.mark(one, { labels: ["cat"], scores: [0.9], boxes: [left] });
    marker.mark(two, { nothing: "of use" });
    expect(() => marker.compare("http://here", 2)).toThrow(
      expect.objectContaining({
        code: "SLIPWAY_WAY_VERIFY_FINDS_OTHER",
        message:
          "http://here finds boxes in 2 validation images with a mean average precision of 0.5000, its own training run of 0.9000",
      }),
    );
    const empty = await createMarker(boxes(0.9), {});
    for (const answer of [undefined, null, [], "text", { boxes: {} }]) empty.mark(one, answer);
    expect(empty.result().metric.value).toBe(0);
  });

  test.each<[string, ModelRoute["output"], boolean]>([
    ["has no output of its own", undefined, true],
    [
      "hands all on, and more",
      ({ labels: names, scores, boxes: all, image }) => ({ labels: names, scores, boxes: all, image }),
      true,
    ],
    [
      "leaves out what is unsure",
      ({ labels: names, scores, boxes: all }) => ({
        labels: names.slice(0, 1),
        scores: scores.slice(0, 1),
        boxes: all.slice(0, 1),
      }),
      false,
    ],
    ["names things otherwise", ({ labels: names, boxes: all }) => ({ names, places: all }), false],
    ["says nothing", () => undefined, false],
  ])("are read from a route that %s", async (_what, output, reads) => {
    expect((await createMarker(boxes(1), output === undefined ? {} : { output })).readsRoute).toBe(reads);
  });
});

test("labels are counted", async () => {
  const marker = await createMarker(subject({ kind: "probabilities", labels: ["cat", "dog"] }, { accuracy: 1 }), {});
  expect(marker.readsRoute).toBe(true);
  marker.mark(one, { label: "cat", probability: 0.9, probabilities: { cat: 0.9, dog: 0.1 } });
  marker.mark(two, { label: "cat", probability: 0.9, probabilities: { cat: 0.9, dog: 0.1 } });
  expect(marker.result()).toEqual({ metric: { name: "accuracy", value: 0.5 }, correct: 1 });
  expect(() => marker.compare("http://here", 2)).toThrow(
    expect.objectContaining({ code: "SLIPWAY_WAY_VERIFY_DIFFERS" }),
  );
});
