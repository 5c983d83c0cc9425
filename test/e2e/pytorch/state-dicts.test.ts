/** @file Files that PyTorch writes now, read to the same bytes: random types, strides, offsets and shared storages, in both formats. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStateDict } from "../../../src/model/pytorch/state-dict.ts";
import { runPython } from "./run.ts";

interface Told {
  dtype: string;
  shape: number[];
  at: number;
  size: number;
}

test("forty random state dicts", async () => {
  const files = 40;
  const { folder } = runPython("state_dicts.py", { seed: 1, files });
  for (let index = 0; index < files; index++) {
    const told = JSON.parse(readFileSync(join(folder, `${index}.json`), "utf8")) as Record<string, Told>;
    const raw = readFileSync(join(folder, `${index}.raw`));
    const dict = await openStateDict(join(folder, `${index}.pth`));
    expect([...dict.entries.keys()]).toEqual(Object.keys(told));
    for (const [name, { dtype, shape, at, size }] of Object.entries(told)) {
      const entry = dict.entries.get(name);
      expect({ dtype: entry?.dtype, shape: entry?.shape }).toEqual({ dtype, shape });
      const { buffer, byteOffset, byteLength } = (await entry?.read()) ?? new Uint8Array();
      expect(Buffer.from(buffer, byteOffset, byteLength).equals(raw.subarray(at, at + size))).toBe(true);
    }
    await dict.close();
  }
  rmSync(folder, { recursive: true });
});
