import { expect, test } from "vitest";
import type { ModelRoute } from "../project/types.ts";
import { classify } from "../serve/prediction.ts";
import { createAnswerReader } from "./answers.ts";

const labels = ["0", "1", "2"];
const prediction = classify("the model", labels, Float64Array.of(0.1, 0.1, 0.8));

test.each<[string, ModelRoute["output"]]>([
  ["the prediction itself", undefined],
  ["a number of its own", ({ label }) => ({ prediction: Number(label) })],
  ["a bare text", ({ label }) => `it is ${label}`],
  ["a promise", async ({ label }) => ({ is: label })],
  ["a label beside a probability", ({ label, probability }) => ({ is: [label], sure: probability })],
  ["a leaf that only some labels have", ({ label }) => (label === "0" ? {} : { not: { zero: label } })],
])("the label is read from %s", async (_, output) => {
  const read = await createAnswerReader(output === undefined ? {} : { output }, labels);
  const answer: unknown = JSON.parse(JSON.stringify(await (output ?? ((value: unknown) => value))(prediction)));
  expect(read?.(answer)).toBe("2");
});

test("an answer that fits no label has none", async () => {
  const read = await createAnswerReader({ output: ({ label }) => ({ prediction: Number(label) }) }, labels);
  expect([{ prediction: 3 }, { error: "no" }, null, []].map((answer) => read?.(answer))).toEqual(
    Array.from({ length: 4 }, () => undefined),
  );
});

test.each<[string, NonNullable<ModelRoute["output"]>]>([
  ["probabilities alone", ({ probability }) => ({ probability })],
  ["nothing", () => {}],
  ["two labels alike", ({ label }) => ({ zero: label === "0" })],
])("no label can be told from %s", async (_, output) => {
  expect(await createAnswerReader({ output }, labels)).toBe(undefined);
});
