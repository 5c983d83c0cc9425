import * as fc from "fast-check";
import { expect, test } from "vitest";
import { buildCode } from "./huffman.ts";

const kraft = (lengths: Uint8Array): number =>
  lengths.reduce((sum, length) => sum + (length > 0 ? 2 ** -length : 0), 0);

test("every symbol that occurs has a code, no code begins with another, and none is longer than allowed", () => {
  const frequency = fc.oneof(fc.constant(0), fc.nat(5), fc.nat(100_000));
  fc.assert(
    fc.property(fc.array(frequency, { minLength: 2, maxLength: 286 }), fc.constantFrom(9, 12, 15), (list, limit) => {
      const frequencies = Uint32Array.from(list);
      const { lengths, bits } = buildCode(frequencies, limit);
      const used = list.filter((count) => count > 0).length;
      expect(Math.max(...lengths)).toBeLessThanOrEqual(limit);
      expect(list.filter((count, symbol) => count > 0 && lengths[symbol] === 0)).toEqual([]);
      expect(kraft(lengths)).toBe(used > 1 ? 1 : 0.5);
      const codes = [...lengths]
        .map((length, symbol) => (length > 0 ? bits[symbol]!.toString(2).padStart(length, "0") : ""))
        .filter(Boolean)
        .map((code) => Array.from(code).toReversed().join(""))
        .toSorted();
      expect(codes.some((code, index) => codes[index + 1]?.startsWith(code))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("frequencies like Fibonacci's numbers, which want the longest codes, are held to the limit", () => {
  const fibonacci = [1, 1];
  while (fibonacci.length < 40) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!);
  const { lengths } = buildCode(Uint32Array.from(fibonacci), 15);
  expect(Math.max(...lengths)).toBe(15);
  expect(kraft(lengths)).toBe(1);
});

test("without a limit that matters, the code is as short as can be", () => {
  // The classic example: 45 13 12 16 9 5 take 224 bits.
  const frequencies = Uint32Array.of(45, 13, 12, 16, 9, 5);
  const { lengths } = buildCode(frequencies, 15);
  expect(frequencies.reduce((sum, count, symbol) => sum + count * lengths[symbol]!, 0)).toBe(224);
});
