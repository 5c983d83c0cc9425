import { describe, expect, test } from "vitest";
import { readContract, parseContract } from "./read.ts";

const whole = {
  features: [
    { name: "sepal", dtype: "FLOAT", ftype: "continuous", range: [4, 8] },
    { name: "colour", dtype: "STRING", ftype: "categorical", values: ["red", "blue"] },
    { name: "x", dtype: "INT", ftype: "continuous", range: [0, "inf"], repeat: 3 },
    { name: "picture", dtype: "FLOAT", ftype: "continuous", shape: [4, 2] },
  ],
  targets: [{ name: "proba", dtype: "FLOAT", ftype: "continuous", range: [0, 1], repeat: 2 }],
};

test("repeat unfolds into x1, x2, … for features and t:0, t:1, … for targets", () => {
  const { features, targets } = parseContract(JSON.stringify(whole));
  expect(features.map(({ name }) => name)).toEqual(["sepal", "colour", "x1", "x2", "x3", "picture"]);
  expect(targets.map(({ name }) => name)).toEqual(["proba:0", "proba:1"]);
  expect(features[5]).toEqual({
    name: "picture",
    dtype: "FLOAT",
    ftype: "continuous",
    range: ["inf", "inf"],
    values: [],
    shape: [4, 2],
  });
});

describe("every fault is told, with its place", () => {
  test.each<[string, unknown, string]>([
    ["no JSON", "{", "is not JSON"],
    ["no features", { targets: [] }, "features: wanted a list of features"],
    ["empty", { features: [] }, "features: wanted at least one feature"],
    [
      "a type",
      { features: [{ name: "x", dtype: "DOUBLE", ftype: "continuous" }] },
      `features[0].dtype: wanted "FLOAT"`,
    ],
    [
      "a range",
      { features: [{ name: "x", ftype: "continuous", range: [0] }] },
      "features[0].range: wanted [low, high]",
    ],
    ["its order", { features: [{ name: "x", ftype: "continuous", range: [2, 1] }] }, "x has the range [2, 1]"],
    ["no values", { features: [{ name: "x", ftype: "categorical" }] }, "x is categorical and has no values"],
    ["text", { features: [{ name: "x", dtype: "STRING", ftype: "continuous" }] }, "a text is categorical"],
    ["twice", { features: [1, 2].map(() => ({ name: "x", ftype: "continuous" })) }, "x is there twice"],
  ])("%s", (_, value, wanted) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    expect(() => parseContract(text, "c.json")).toThrow(
      expect.objectContaining({ code: "SLIPWAY_TESTING_CONTRACT", message: expect.stringContaining(wanted) }),
    );
  });

  test("a file that is not there", async () => {
    await expect(readContract("/nowhere/contract.json")).rejects.toThrow("/nowhere/contract.json: cannot be read");
  });
});
