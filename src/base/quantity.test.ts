import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareQuantities, formatQuantity, nanosPerUnit, parseQuantity } from "./quantity.ts";

describe("a quantity", () => {
  test.each<[string, bigint]>([
    ["0", 0n],
    ["1", nanosPerUnit],
    ["250m", nanosPerUnit / 4n],
    [".5", nanosPerUnit / 2n],
    ["5.", 5n * nanosPerUnit],
    ["200Mi", 200n * 1024n * 1024n * nanosPerUnit],
    ["1.5Gi", 1536n * 1024n * 1024n * nanosPerUnit],
    ["2k", 2000n * nanosPerUnit],
    ["1e3", 1000n * nanosPerUnit],
    ["12E-1", (12n * nanosPerUnit) / 10n],
    ["1E", 10n ** 18n * nanosPerUnit],
    ["100n", 100n],
    ["0.1n", 1n],
    ["-3", -3n * nanosPerUnit],
  ])("%s", (text, nanos) => {
    expect(parseQuantity(text)).toBe(nanos);
  });

  test.each(["", "abc", "200 MB", "1mi", "1KiB", "0x10", "1e", "--1", "1.2.3", "Mi", "."])("%j is none", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  test("is compared by what it means", () => {
    expect(["1Gi", "1G", "1000Mi", "900m", "1", "1024Mi"].toSorted(compareQuantities)).toEqual([
      "900m",
      "1",
      "1G",
      "1000Mi",
      "1Gi",
      "1024Mi",
    ]);
    expect(compareQuantities("0.5", "500m")).toBe(0);
  });

  test.each([
    ["209715200", "200Mi"],
    ["0.25", "250m"],
    ["1000", "1k"],
    ["1536Mi", "1536Mi"],
    ["7", "7"],
  ])("%s is written %s", (text, written) => {
    expect(formatQuantity(parseQuantity(text)!)).toBe(written);
  });

  test("whatever is written is read as the same", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }), (nanos) => {
        expect(parseQuantity(formatQuantity(nanos))).toBe(nanos);
      }),
    );
  });
});
