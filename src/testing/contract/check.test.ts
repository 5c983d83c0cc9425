import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkAnswer } from "./check.ts";
import { parseContract } from "./read.ts";

const { targets } = parseContract(
  JSON.stringify({
    features: [{ name: "x", ftype: "continuous" }],
    targets: [
      { name: "p", dtype: "FLOAT", ftype: "continuous", range: [0, 1] },
      { name: "n", dtype: "INT", ftype: "continuous", range: [0, "inf"] },
      { name: "c", dtype: "STRING", ftype: "categorical", values: ["yes", "no"] },
    ],
  }),
);
const sent = { rows: 2, kind: "ndarray" as const };
const good = [
  [0.25, 3, "yes"],
  [1, 0, "no"],
];
const answer = (ndarray: unknown, more: object = {}) => ({ status: 200, body: { data: { ndarray, ...more } } });

test("an answer that keeps the contract has no breach, with names or without", () => {
  expect(checkAnswer({ targets }, sent, answer(good))).toEqual([]);
  expect(checkAnswer({ targets }, sent, answer(good, { names: ["p", "n", "c"] }))).toEqual([]);
  expect(checkAnswer({ targets }, sent, answer(good, { names: ["t:0", "t:1", "t:2"] }))).toEqual([]);
});

describe("a breach names what was seen and wanted", () => {
  test.each<[string, { status: number; body: unknown }, string, string]>([
    ["status", { status: 500, body: "oops" }, "status", `status 500, wanted 200: "oops"`],
    [
      "Seldon's failure",
      {
        status: 400,
        body: { status: { status: "FAILURE", code: 400, info: "bad shape", reason: "MICROSERVICE_BAD_DATA" } },
      },
      "status",
      "status 400, wanted 200: status FAILURE 400: MICROSERVICE_BAD_DATA, bad shape",
    ],
    [
      "a failure with 200",
      { status: 200, body: { status: { status: "FAILURE", info: "x" } } },
      "failure",
      "FAILURE missing: x",
    ],
    ["no object", { status: 200, body: [1] }, "body", "the answer is [1], wanted a message with data"],
    ["no data", { status: 200, body: {} }, "body", "data is missing"],
    [
      "another kind",
      { status: 200, body: { data: { tensor: { shape: [2, 3], values: [0, 0, 0, 0, 0, 0] } } } },
      "kind",
      "holds a tensor, wanted a ndarray",
    ],
    ["too few rows", answer(good.slice(1)), "count", "1 rows, wanted 2"],
    ["a short row", answer([good[0], [1]]), "shape", "row 1 has 1 values, wanted 3 (p, n, c)"],
    ["names", answer(good, { names: ["p"] }), "names", `1 names ["p"], wanted ["p","n","c"]`],
    ["a name", answer(good, { names: ["p", "n", "d"] }), "names", "lack c"],
    ["a text", answer([["a", 3, "yes"], good[1]]), "type", `p is "a", wanted a finite number`],
    ["null", answer([[null, 3, "yes"], good[1]]), "type", "p is null, wanted a finite number"],
    ["a fraction", answer([[0, 0.5, "yes"], good[1]]), "type", "n is 0.5, wanted a whole number"],
    ["above", answer([[1.5, 3, "yes"], good[1]]), "range", "p is 1.5, wanted 0 to 1"],
    ["below", answer([[0, -1, "yes"], good[1]]), "range", "n is -1, wanted 0 or more"],
    ["a category", answer([[0, 1, "maybe"], good[1]]), "category", `c is "maybe", wanted one of ["yes","no"]`],
  ])("%s", (_, given, kind, message) => {
    const breaches = checkAnswer({ targets }, sent, given);
    expect(breaches[0]).toMatchObject({ kind, message: expect.stringContaining(message) });
  });

  test("a tensor whose shape has no room for its values", () => {
    const body = { data: { tensor: { shape: [2, 3], values: [1] } } };
    expect(checkAnswer({ targets }, { rows: 2, kind: "tensor" }, { status: 200, body })).toMatchObject([
      { kind: "shape", message: "tensor.shape [2,3] has room for 6 values, there are 1" },
    ]);
  });
});

test("several faults are told at once, each kind once for each target", () => {
  const found = checkAnswer(
    { targets },
    sent,
    answer([
      [2, -1, "maybe"],
      [3, -2, "maybe"],
    ]),
  );
  expect(found.map(({ kind, target }) => [kind, target])).toEqual([
    ["range", "p"],
    ["range", "n"],
    ["category", "c"],
  ]);
});

test("whatever comes back, the check gives breaches and does not throw", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.jsonValue(), (status, body) => {
      expect(Array.isArray(checkAnswer({ targets }, sent, { status, body }))).toBe(true);
    }),
  );
});
