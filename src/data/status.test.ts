import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeImage, makeProject, six } from "./_fixtures.ts";
import { compareLock } from "./compare.ts";
import { lockBroken, lockDiffers } from "./errors.ts";
import { lockName, readLock } from "./lock.ts";
import { openDataset } from "./open.ts";
import { datasetDiff, datasetStatus, holdLock, lockDataset } from "./status.ts";

/** Locks six images, changes the folder, and tells the difference. */
async function diffAfter(change: (data: string) => void, files = six) {
  const { root, data, source } = makeProject(files);
  lockDataset(await openDataset(source, { root }), root);
  change(data);
  const { difference, lines } = datasetDiff(await openDataset(source, { root }), root);
  const seen = Object.fromEntries(
    Object.entries(difference).filter(([, list]) => (list as readonly unknown[]).length > 0),
  );
  return { ...seen, lines };
}

const move = (from: string, to: string) => (data: string) => renameSync(join(data, from), join(data, to));

describe("a difference tells what happened", () => {
  test("nothing", async () => {
    expect(await diffAfter(() => {})).toEqual({ lines: [] });
  });

  test("a rename", async () => {
    expect(await diffAfter(move("cat/a.png", "cat/z.png"))).toEqual({
      renamed: [{ from: "cat/a.png", to: "cat/z.png" }],
      lines: ["1 image renamed: cat/a.png → cat/z.png"],
    });
  });

  test("an image that went to another label", async () => {
    expect(await diffAfter(move("cat/a.png", "dog/z.png"))).toEqual({
      relabelled: [{ from: "cat/a.png", to: "dog/z.png" }],
      lines: ["1 image moved from label cat to dog: cat/a.png → dog/z.png"],
    });
  });

  test("two files exchanged between labels", async () => {
    const exchange = (data: string) => {
      move("cat/a.png", "tmp")(data);
      move("dog/b.png", "cat/a.png")(data);
      move("tmp", "dog/b.png")(data);
    };
    expect(await diffAfter(exchange)).toEqual({
      swapped: [["cat/a.png", "dog/b.png"]],
      lines: ["1 pair swapped between two paths: cat/a.png ↔ dog/b.png"],
    });
  });

  test("one byte", async () => {
    const edit = (data: string) =>
      writeFileSync(join(data, "cat/b.png"), Buffer.concat([six["cat/b.png"]!, Buffer.from([1])]));
    expect(await diffAfter(edit)).toEqual({ changed: ["cat/b.png"], lines: ["1 image changed: cat/b.png"] });
  });

  test("files more and files fewer", async () => {
    const change = (data: string) => {
      rmSync(join(data, "cat/a.png"));
      writeFileSync(join(data, "dog/new.png"), makeImage(99));
    };
    expect(await diffAfter(change)).toEqual({
      added: ["dog/new.png"],
      removed: ["cat/a.png"],
      lines: ["1 image removed: cat/a.png", "1 image added: dog/new.png"],
    });
  });

  test("one image written over another", async () => {
    expect(await diffAfter(move("cat/a.png", "cat/b.png"))).toMatchObject({
      renamed: [{ from: "cat/a.png", to: "cat/b.png" }],
      removed: ["cat/b.png"],
    });
  });

  test("three images passed round", async () => {
    const round = (data: string) => {
      for (const [from, to] of [
        ["cat/a.png", "tmp"],
        ["cat/c.png", "cat/a.png"],
        ["cat/b.png", "cat/c.png"],
        ["tmp", "cat/b.png"],
      ] as const)
        move(from, to)(data);
    };
    const { lines, ...seen } = await diffAfter(round);
    expect(seen).toEqual({
      renamed: [
        { from: "cat/a.png", to: "cat/b.png" },
        { from: "cat/b.png", to: "cat/c.png" },
        { from: "cat/c.png", to: "cat/a.png" },
      ],
    });
    expect(lines).toHaveLength(1);
  });

  test("a whole label renamed is one line", async () => {
    const { lines } = await diffAfter(move("cat", "tiger"));
    expect(lines).toEqual([
      "3 images moved from label cat to tiger: cat/a.png → tiger/a.png, cat/b.png → tiger/b.png, cat/c.png → tiger/c.png",
    ]);
  });

  test("copies pair with their own name first", () => {
    const digest = (letter: string) => `sha256:${letter.repeat(64)}` as const;
    const entries = ["y/1.png", "y/2.png"].map((path) => ({ path, label: "y", digest: digest("a"), size: 1 }));
    const { relabelled } = compareLock(
      { files: { "x/2.png": "a".repeat(32), "x/1.png": "a".repeat(32) } },
      { entries },
    );
    expect(relabelled).toEqual([
      { from: "x/1.png", to: "y/1.png" },
      { from: "x/2.png", to: "y/2.png" },
    ]);
  });
});

describe("the lock", () => {
  test("is made by `up` where there is none, and held afterwards", async () => {
    const { root, source } = makeProject(six);
    const dataset = await openDataset(source, { root });
    expect(datasetStatus(dataset, root)).toMatchObject({ state: "unlocked", count: 6, labels: { cat: 3, dog: 3 } });
    expect(holdLock(dataset, root).made).toBe(true);
    const bytes = readFileSync(join(root, lockName), "utf8");
    expect(holdLock(dataset, root).made).toBe(false);
    expect(datasetStatus(dataset, root)).toMatchObject({
      state: "same",
      differences: 0,
      locked: { digest: dataset.digest },
    });
    expect(lockDataset(dataset, root).state).toBe("kept");
    expect(readFileSync(join(root, lockName), "utf8")).toBe(bytes);
    expect(bytes).toContain(`\n  "cat/a.png": "${dataset.entries[0]!.digest.slice(7, 39)}",\n`);
    expect(readdirSync(root).toSorted()).toEqual(["data", lockName]);
  });

  test("stops `up` when files changed, says what and what to do, until it is renewed", async () => {
    const { root, data, source } = makeProject(six);
    const { lock } = lockDataset(await openDataset(source, { root }), root);
    writeFileSync(join(data, "dog/new.png"), makeImage(99));
    const dataset = await openDataset(source, { root });
    expect(() => holdLock(dataset, root)).toThrow(
      expect.objectContaining({
        code: lockDiffers.code,
        exit: 3,
        message: `the dataset is not the one that was locked at ${lock.lockedAt}:\n  1 image added: dog/new.png`,
        mend: expect.stringMatching(/slipway data diff.*slipway data lock/) as string,
      }),
    );
    expect(datasetStatus(dataset, root)).toMatchObject({
      state: "differs",
      differences: 1,
      lines: ["1 image added: dog/new.png"],
    });
    expect(lockDataset(dataset, root)).toMatchObject({ state: "replaced", lines: ["1 image added: dog/new.png"] });
    expect(holdLock(dataset, root).made).toBe(false);
  });

  test.each([
    ["{", "it is no JSON"],
    ["[]", "it is no JSON object"],
    ['{"version":2}', "its version is 2, wanted 1"],
    ['<<<<<<< HEAD\n{"version":1}', "the marks of an unfinished merge"],
    [(text: string) => text.replace(/"count": 6/, '"count": 7'), "`count` is 7, but 6 files are listed"],
    [(text: string) => text.replace(/"cat\/a.png": "../, '"cat/a.png": "'), "is not 32 hex digits"],
    [
      (text: string) => text.replace(/"sha256:....../, '"sha256:000000'),
      "its digest does not belong to its list of files",
    ],
  ])("is refused when broken: %s", async (broken, why) => {
    const { root, source } = makeProject(six);
    const dataset = await openDataset(source, { root });
    lockDataset(dataset, root);
    const path = join(root, lockName);
    writeFileSync(path, typeof broken === "string" ? broken : broken(readFileSync(path, "utf8")));
    expect(() => holdLock(dataset, root)).toThrow(
      expect.objectContaining({ code: lockBroken.code, message: expect.stringContaining(why) as string }),
    );
    expect(["made", "replaced"]).toContain(lockDataset(dataset, root).state);
    expect(readLock(root)?.digest).toBe(dataset.digest);
  });

  test("holds labels and names that are special to JavaScript", async () => {
    const { root, source } = makeProject({
      ...six,
      "__proto__/constructor.png": makeImage(50),
      "__proto__/b.png": makeImage(51),
    });
    const dataset = await openDataset(source, { root });
    holdLock(dataset, root);
    expect(Object.keys(readLock(root)!.labels)).toEqual(["__proto__", "cat", "dog"]);
    expect(holdLock(dataset, root).made).toBe(false);
  });

  test("that cannot be written says why", async () => {
    const { root, source } = makeProject(six);
    const dataset = await openDataset(source, { root });
    mkdirSync(join(root, lockName, "in the way"), { recursive: true });
    expect(() => lockDataset(dataset, root)).toThrow(expect.objectContaining({ code: "SLIPWAY_DATA_LOCK_UNWRITABLE" }));
    expect(readdirSync(root).toSorted()).toEqual(["data", lockName]);
  });
});
