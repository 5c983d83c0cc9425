import { expect, test } from "vitest";
import { sampleContent } from "../../artifact/fixtures/sample.ts";
import { packArtifact } from "../../artifact/manifest.ts";
import type { ProgressEvent } from "../../base/progress.ts";
import { parseJobEvent, printJobEvent, thin, type JobEvent } from "./events.ts";

const { artifact } = packArtifact(sampleContent());
const packed = { digest: artifact.digest, artifact: { ...artifact, aliases: [] } };

test.each<JobEvent>([
  { type: "progress", step: "train", label: "epoch 1/3", done: 1, total: 3, figures: { loss: "0.5" } },
  { type: "result", ...packed, trained: true, inputs: "sha256:cd" },
  { type: "error", code: "SLIPWAY_X", message: 'a "quoted"\nline', mend: "do", exit: 3 },
])("an event is one line, and comes back", (event) => {
  const line = printJobEvent(event);
  expect(line).not.toContain("\n");
  expect(parseJobEvent(line)).toEqual(event);
});

test.each(["epoch 3/10", "", '{"type":"other"}', '{"type":"progress","step":', '{"loss":1}'])(
  "what else is in a log is passed over: %s",
  (line) => {
    expect(parseJobEvent(line)).toBeUndefined();
  },
);

test("of a bar's events some are told: the first, the last, and one now and then", () => {
  let now = 0;
  const told: ProgressEvent[] = [];
  const report = thin(
    (event) => told.push(event),
    () => now,
  );
  for (let done = 0; done <= 100; done++, now += 10) report({ step: "data", label: "read", done, total: 100 });
  report({ step: "train", label: "epoch 1" });
  expect(told.map(({ label, done }) => [label, done])).toEqual([
    ["read", 0],
    ["read", 25],
    ["read", 50],
    ["read", 75],
    ["read", 100],
    ["epoch 1", undefined],
  ]);
});
