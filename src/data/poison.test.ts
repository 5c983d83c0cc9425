import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planPoison, poisonDataset, undoPoison } from "./poison.ts";
import type { DatasetEntry } from "./types.ts";

const labels = ["6", "7", "9"];
const entries: DatasetEntry[] = labels.flatMap((label) =>
  Array.from({ length: 10 }, (_, index) => ({
    path: `${label}/${index}.png`,
    label,
    digest: `sha256:${label}${index}`,
    size: 1,
  })),
);

const labelOf = (path: string): string => path.split("/")[0]!;

test("a swap sends the same share both ways, each file under a free name", () => {
  const plan = planPoison({ entries, labels }, { kind: "swap", labels: ["6", "9"], share: 0.4 }, 1);
  expect(plan.map(({ from, to }) => `${labelOf(from)}→${labelOf(to)}`).toSorted()).toEqual([
    ...Array.from({ length: 4 }, () => "6→9"),
    ...Array.from({ length: 4 }, () => "9→6"),
  ]);
  const paths = new Set([...entries.map(({ path }) => path), ...plan.map(({ to }) => to)]);
  expect(paths.size).toBe(entries.length + plan.length);
});

test("random moves never keep the label, copies stay beside their originals", () => {
  const moved = planPoison({ entries, labels }, { kind: "random", share: 1 }, 2);
  expect(moved).toHaveLength(30);
  expect(moved.filter(({ from, to }) => labelOf(from) === labelOf(to))).toEqual([]);
  const copied = planPoison({ entries, labels }, { kind: "copies", count: 5 }, 2);
  expect(copied.map(({ copied: is }) => is)).toEqual([true, true, true, true, true]);
});

test("the same seed spoils the same files", () => {
  const plan = (seed: number) =>
    planPoison({ entries, labels }, { kind: "relabel", from: "7", to: "9", share: 0.3 }, seed);
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
});

test("a label that is not there is named", () => {
  expect(() => planPoison({ entries, labels }, { kind: "relabel", from: "7", to: "1", share: 1 }, 1)).toThrow(
    'there is no label "1", wanted one of 6, 7, 9',
  );
});

describe("on a disk", () => {
  let root = "";
  const read = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(join(root, "data"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), "utf8")]),
    );

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "slipway-poison-"));
    for (const { path, label } of entries) {
      mkdirSync(join(root, "data", label), { recursive: true });
      writeFileSync(join(root, "data", path), path);
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test("what was moved is put back, file by file", async () => {
    const before = read();
    const folder = join(root, "data");
    await poisonDataset({ folder, entries, labels }, { kind: "swap", labels: ["6", "9"], share: 1 }, { root, seed: 1 });
    expect(readdirSync(join(folder, "6")).map((name) => readFileSync(join(folder, "6", name), "utf8")[0])).toEqual(
      Array.from({ length: 10 }, () => "9"),
    );
    expect(await undoPoison(root)).toHaveLength(20);
    expect(read()).toEqual(before);
    expect(await undoPoison(root)).toEqual([]);
  });

  test("copies go away again, and twice is refused before anything moves", async () => {
    const before = read();
    const dataset = { folder: join(root, "data"), entries, labels };
    await poisonDataset(dataset, { kind: "copies", count: 3 }, { root, seed: 1 });
    const poisoned = read();
    expect(Object.keys(poisoned)).toHaveLength(33);
    await expect(poisonDataset(dataset, { kind: "copies", count: 3 }, { root, seed: 1 })).rejects.toThrow(
      "the dataset is poisoned already",
    );
    expect(read()).toEqual(poisoned);
    await undoPoison(root);
    expect(read()).toEqual(before);
  });
});
