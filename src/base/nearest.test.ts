import { expect, test } from "vitest";
import { findNearest } from "./nearest.ts";

test.each([
  ["digit", ["digits", "intent"], "digits"],
  ["champoin", ["champion", "challenger"], "champion"],
  ["Digits", ["digits"], "digits"],
  ["a", ["b"], "b"],
  ["", ["a"], "a"],
  ["weather", ["digits", "intent"], undefined],
  ["digits", [], undefined],
])("%j among %j is %j", (word, known, nearest) => {
  expect(findNearest(word, known)).toBe(nearest);
});

test("the closest of several wins, and the first of equals", () => {
  expect(findNearest("digita", ["digits", "digit", "digital"])).toBe("digits");
});
