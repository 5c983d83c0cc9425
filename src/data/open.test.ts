import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SlipwayError } from "../base/errors.ts";
import { grey, makeJpeg } from "../pixels/_fixtures.ts";
import { makeImage, makeProject, six } from "./_fixtures.ts";
import { dataInterrupted, datasetFaulty, datasetMissing } from "./errors.ts";
import { imageFolder } from "./index.ts";
import { sortLabels } from "./labels.ts";
import { openDataset } from "./open.ts";
import type { DatasetFault } from "./types.ts";

type Project = ReturnType<typeof makeProject>;
const open = ({ root, source }: Project) => openDataset(source, { root });

/** The faults of a folder, as `kind path`. */
async function faultsOf(project: Project): Promise<string[]> {
  return (await reportOf(project)).faults.map(({ kind, path }) => `${kind} ${path}`);
}

async function reportOf(project: Project): Promise<{ message: string; faults: DatasetFault[]; total: number }> {
  try {
    await open(project);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== datasetFaulty.code) throw error;
    return { message: error.message, ...(error.details as { faults: DatasetFault[]; total: number }) };
  }
  return { message: "", faults: [], total: 0 };
}

describe("a good folder", () => {
  test("gives sorted entries, labels and a digest that only content and paths decide", async () => {
    const project = makeProject(six);
    const dataset = await open(project);
    expect(dataset.entries.map(({ path, label, size }) => [path, label, size])).toEqual(
      Object.entries(six).map(([path, bytes]) => [path, path.slice(0, 3), bytes.length]),
    );
    expect({ labels: dataset.labels, warnings: dataset.warnings, folder: dataset.folder }).toEqual({
      labels: ["cat", "dog"],
      warnings: [],
      folder: project.data,
    });
    expect((await open(makeProject(Object.fromEntries(Object.entries(six).toReversed())))).digest).toBe(dataset.digest);
  });

  test("has the digest it always had", async () => {
    // Files whose bytes no library decides: the digest must never move.
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAtVS1UQAAAABJRU5ErkJggg==",
      "base64",
    );
    const other = Buffer.concat([png, Buffer.from("after the end")]);
    const project = makeProject({
      "1/x.png": png,
      "2/x.png": other,
      "10/é.png": Buffer.concat([png, Buffer.from("3")]),
    });
    const dataset = await openDataset(imageFolder("data", { size: [1, 1], channels: 1 }), { root: project.root });
    expect(dataset.labels).toEqual(["1", "2", "10"]);
    expect(dataset.digest).toBe("sha256:1adccf6b9fa6c2baebcb830a4e0cc33f843f2e22a78cd28bd056e283f5fe728c");
  });

  test.each([
    ["a rename", (data: string) => renameSync(join(data, "cat/a.png"), join(data, "cat/z.png"))],
    ["a swap", (data: string) => swap(join(data, "cat/a.png"), join(data, "dog/a.png"))],
    [
      "an edit",
      (data: string) => writeFileSync(join(data, "cat/a.png"), Buffer.concat([six["cat/a.png"]!, Buffer.from([0])])),
    ],
  ])("%s shows in the digest", async (_name, change) => {
    const project = makeProject(six);
    const before = await open(project);
    change(project.data);
    expect((await open(project)).digest).not.toBe(before.digest);
  });
});

test("all faults come in one report, sorted by path", async () => {
  const jpeg = makeJpeg(grey(4, 2, () => 99));
  const damaged = Buffer.from(makeImage(1));
  damaged[damaged.indexOf("IDAT") + 6]! ^= 0xff;
  const project = makeProject({
    ...six,
    "cat/broken.png": damaged,
    "cat/cut.jpg": jpeg.subarray(0, -2),
    "cat/empty.jpg": "",
    "cat/jpeg.png": jpeg,
    "cat/notes.txt": "notes",
    "cat/sub/deep.png": makeImage(3),
    "cat/text.jpg": "I am not a picture",
    "cat/wide.jpg": makeJpeg(grey(5, 2, () => 99)),
    "lost.png": makeImage(4),
  });
  mkdirSync(join(project.data, "none"));
  mkdirSync(join(project.root, "elsewhere"));
  writeFileSync(join(project.root, "elsewhere/x.png"), makeImage(5));
  symlinkSync("../../elsewhere/x.png", join(project.data, "dog/link.png"));
  symlinkSync("nowhere.png", join(project.data, "dog/nowhere-link.png"));
  symlinkSync("../elsewhere", join(project.data, "fox"));
  const { message, faults, total } = await reportOf(project);
  expect(faults.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    "broken cat/broken.png",
    "truncated cat/cut.jpg",
    "empty cat/empty.jpg",
    "mislabelled cat/jpeg.png",
    "notImage cat/notes.txt",
    "nested cat/sub",
    "unsupported cat/text.jpg",
    "wrongSize cat/wide.jpg",
    "outside dog/link.png",
    "unreadable dog/nowhere-link.png",
    "outside fox",
    "misplaced lost.png",
    "emptyLabel none",
  ]);
  expect(total).toBe(13);
  expect(message).toContain("cat/jpeg.png: holds a JPEG although its name ends in .png; wanted .jpg");
  expect(message).toContain("dog/nowhere-link.png: cannot be read: no such file or directory (ENOENT)");
});

describe("single faults", () => {
  test("one label is too few, and so is none", async () => {
    expect(await faultsOf(makeProject({ "cat/a.png": makeImage(1), "cat/b.png": makeImage(2) }))).toEqual([
      "fewLabels .",
    ]);
    expect(await faultsOf(makeProject({}))).toEqual(["fewLabels ."]);
  });

  test("a long list is cut, counted in full, and names are shown without control characters", async () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`cat/${i + 100}\n.png`, ""]));
    const { message, total, faults } = await reportOf(makeProject({ ...six, ...many }));
    expect([total, faults.length, message.split("\n").length]).toEqual([50, 50, 21]);
    expect(message).toContain("cat/100\\n.png: The image is empty");
    expect(message).toMatch(/… and 31 more$/);
  });

  test.skipIf(process.getuid?.() === 0)("files and folders without permission (root may read them all)", async () => {
    const project = makeProject({ ...six, "cat/secret.png": makeImage(9), "ox/a.png": makeImage(8) });
    chmodSync(join(project.data, "cat/secret.png"), 0);
    chmodSync(join(project.data, "ox"), 0);
    expect(await faultsOf(project)).toEqual(["unreadable cat/secret.png", "unreadable ox"]);
    chmodSync(join(project.data, "ox"), 0o700);
  });

  test("a missing folder, or a file in its place", async () => {
    const project = makeProject(six);
    const missing = openDataset(imageFolder("dta", { size: [2, 4] }), { root: project.root });
    await expect(missing).rejects.toMatchObject({
      code: datasetMissing.code,
      message: expect.stringContaining(join(project.root, "dta")) as string,
    });
    const file = openDataset(imageFolder("data/cat/a.png", { size: [2, 4] }), { root: project.root });
    await expect(file).rejects.toMatchObject({
      code: datasetMissing.code,
      message: expect.stringContaining("ENOTDIR") as string,
    });
  });
});

describe("warnings", () => {
  test("hidden files and what systems leave behind are counted, not used", async () => {
    const plain = await open(makeProject(six));
    const dataset = await open(
      makeProject({
        ...six,
        ".DS_Store": "x",
        "cat/Thumbs.db": "x",
        "cat/._a.png": "x",
        "README.md": "x",
        ".git/config": "x",
      }),
    );
    expect(dataset.digest).toBe(plain.digest);
    expect(dataset.warnings.map(({ kind, paths }) => [kind, paths.toSorted()])).toEqual([
      ["ignored", [".DS_Store", ".git", "README.md", "cat/._a.png", "cat/Thumbs.db"]],
    ]);
  });

  test("the same image under two labels, a label with one image, names that differ in case only", async () => {
    const dataset = await open(
      makeProject({
        ...six,
        "dog/copy.png": six["cat/a.png"]!,
        "owl/only.png": makeImage(77),
        "dog/COPY.png": makeImage(78),
      }),
    );
    expect(dataset.warnings.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      "duplicate: the same image under different labels: cat/a.png = dog/copy.png",
      "single: labels with one image, which is never validated: owl",
      "collision: names that are one file on other systems: dog/COPY.png = dog/copy.png",
    ]);
  });

  test("links within the folder are followed", async () => {
    const project = makeProject(six);
    symlinkSync("a.png", join(project.data, "cat/same.png"));
    expect((await open(project)).entries.map(({ path }) => path)).toContain("cat/same.png");
  });
});

test("labels sort as numbers only where all are numbers", () => {
  expect(sortLabels(["10", "9", "1", "01", "99999999999999999999"])).toEqual([
    "01",
    "1",
    "9",
    "10",
    "99999999999999999999",
  ]);
  expect(sortLabels(["10", "9", "a"])).toEqual(["10", "9", "a"]);
});

test("an aborted signal ends the work with its own error", async () => {
  const { root, source } = makeProject(six);
  await expect(openDataset(source, { root, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: dataInterrupted.code,
    exit: 130,
  });
});

function swap(a: string, b: string): void {
  renameSync(a, `${a}.tmp`);
  renameSync(b, a);
  renameSync(`${a}.tmp`, b);
}
