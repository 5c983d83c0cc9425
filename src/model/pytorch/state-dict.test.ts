/** @file Files that PyTorch wrote, read to the numbers that PyTorch reads from them. Files and numbers are made by test/golden/pytorch/generate.py. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { pytorchChoice } from "./errors.ts";
import { type Numbers, openStateDict } from "./state-dict.ts";

interface Expected {
  dtype: string;
  shape: number[];
  values: (number | null)[];
}

const folder = new URL("../../../test/golden/pytorch/", import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, folder));
const expected = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Record<
  string,
  Record<string, Expected>
>;

/** Names in the file as `generate.py` flattens them, to the names here. */
const weightsOf = (file: string): [string, Expected][] =>
  Object.entries(expected[file] ?? {}).flatMap(([name, tensor]) =>
    name.startsWith("optimizer.") ? [] : [[name.replace(/^state_dict\.module\./, ""), tensor] as [string, Expected]],
  );

describe.each(Object.keys(expected))("%s", (file) => {
  test.each(["by path", "as bytes", "as bytes that begin at an odd address"])(
    "gives what PyTorch reads: %s",
    async (how) => {
      const bytes = new Uint8Array(readFileSync(path(file)));
      const odd = new Uint8Array(bytes.length + 3);
      odd.set(bytes, 3);
      const dict = await openStateDict(how === "by path" ? path(file) : how === "as bytes" ? bytes : odd.subarray(3));
      const read = await Promise.all(
        [...dict.entries].map(async ([name, entry]) => {
          const { dtype, shape } = entry;
          return [name, { dtype, shape, values: toNumbers(dtype, await entry.read()) }] as const;
        }),
      );
      await dict.close();
      expect(read).toEqual(weightsOf(file));
      expect(dict.format).toBe(file.includes("legacy") ? "legacy" : "zip");
    },
  );
});

describe.each(["checkpoint-zip.pth", "checkpoint-legacy.pth", "protocol4-zip.pth"])("the checkpoint %s", (file) => {
  test("gives the plain values around the weights", async () => {
    const dict = await openStateDict(path(file));
    await dict.close();
    const { epoch, best, arch, note, big, done } = Object.fromEntries(dict.values);
    expect({ epoch, best, arch, note, big, done }).toEqual({
      epoch: 12,
      best: 0.75,
      arch: "net",
      note: null,
      big: 2n ** 70n,
      done: true,
    });
    // The optimizer's groups are lists, which have no names.
    expect([...dict.values.keys()]).toEqual(["epoch", "best", "arch", "note", "big", "done"]);
  });

  test("a part of it can be named, and a prefix kept", async () => {
    const optimizer = await openStateDict(path(file), { key: "optimizer.state.0" });
    await optimizer.close();
    expect([...optimizer.entries.keys()]).toEqual(["step", "momentum"]);
    const whole = await openStateDict(path(file), { prefix: "" });
    await whole.close();
    expect([...whole.entries.keys()][0]).toBe("module.conv.weight");
    await expect(openStateDict(path(file), { key: "modle" })).rejects.toMatchObject({ code: pytorchChoice.code });
    await expect(openStateDict(path(file), { prefix: "net." })).rejects.toThrow(
      "has the tensor module.conv.weight, wanted names that begin with net.",
    );
  });
});

/** 16-bit and 8-bit floats to the numbers that their bits stand for. */
function toNumbers(dtype: string, numbers: Numbers): number[] {
  const layouts: Record<string, [exponent: number, mantissa: number]> = {
    float16: [5, 10],
    bfloat16: [8, 7],
    float8e4m3fn: [4, 3],
    float8e5m2: [5, 2],
  };
  const layout = layouts[dtype];
  return Array.from(numbers as ArrayLike<number | bigint>, (bits) =>
    layout === undefined ? Number(bits) : decodeFloat(Number(bits), ...layout),
  );
}

function decodeFloat(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >> (exponentBits + mantissaBits) === 0 ? 1 : -1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  return exponent === 0 ? sign * mantissa * 2 ** (1 - bias) + 0 : sign * (1 + mantissa) * 2 ** (exponent - bias);
}
