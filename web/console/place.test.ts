import { expect, test } from "vitest";
import { readPlace } from "./place.ts";
import { formatMargin } from "./suspicion.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

test.each([
  ["", { page: "data" }],
  ["#/", { page: "data" }],
  ["#/data", { page: "data" }],
  ["#/models", { page: "models" }],
  [`#/models/${digest}`, { page: "model", digest }],
  ["#/models/sha256:12", { page: "data" }],
  ["#/models/../../api", { page: "data" }],
  [`#/data/${digest}`, { page: "data" }],
])("%s leads to %o", (hash, place) => {
  expect(readPlace(hash)).toEqual(place);
});

test.each([
  [0.944, "+0.94"],
  [-0.1, "−0.10"],
  [0, "+0.00"],
  [null, "–"],
])("a margin of %s reads %s", (margin, text) => {
  expect(formatMargin(margin)).toBe(text);
});
