import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findSlipwayError } from "../../base/errors.ts";
import { makeImage, makeProject } from "../_fixtures.ts";
import { dataFileMissing, datasetFaulty, lockDiffers, sourceArgument } from "../errors.ts";
import { coco } from "../index.ts";
import { loadExamples, openDataset } from "../open.ts";
import { splitDataset } from "../split.ts";
import { datasetStatus, holdLock, lockDataset } from "../status.ts";
import type { DatasetFault } from "../types.ts";

type Annotation = readonly [image: number, category: number, bbox: readonly number[]];

/** Images of 4 × 2 pixels, `0.png` and so on. */
function annotate(images: number, annotations: readonly Annotation[], categories = ["cat", "dog"]): string {
  return JSON.stringify({
    images: Array.from({ length: images }, (_, id) => ({ id, file_name: `${id}.png`, width: 4, height: 2 })),
    categories: categories.map((name, id) => ({ id, name })),
    annotations: annotations.map(([image, category, bbox], id) => ({
      id,
      image_id: image,
      category_id: category,
      bbox,
    })),
  });
}

const three: readonly Annotation[] = [
  [0, 1, [1, 0, 2, 1]],
  [0, 0, [0, 1, 4, 1]],
  [2, 1, [3, 1, 1, 1]],
];

function make(text = annotate(3, three), images = 3) {
  const files = Object.fromEntries(
    Array.from({ length: images }, (_, index) => [`images/${index}.png`, makeImage(10 * index)]),
  );
  const { root, data } = makeProject({ ...files, "annotations.json": text });
  const source = coco("data", { size: [2, 4], channels: 1, images: "images" });
  return { root, data, open: () => openDataset(source, { root }) };
}

async function faultsOf({ open }: ReturnType<typeof make>): Promise<DatasetFault[]> {
  try {
    await open();
  } catch (error) {
    const known = findSlipwayError(error);
    if (known?.code === datasetFaulty.code) return (known.details as { faults: DatasetFault[] }).faults;
    throw error;
  }
  return [];
}

describe("a folder with annotations", () => {
  test("gives images with their boxes as shares, and the rarest label of each", async () => {
    const dataset = await make().open();
    expect(dataset).toMatchObject({ kind: "boxes", labels: ["cat", "dog"] });
    expect(dataset.entries.map(({ path, label }) => [path, label])).toEqual([
      ["images/0.png", "cat"],
      ["images/1.png", ""],
      ["images/2.png", "dog"],
    ]);
    expect(dataset.boxes).toEqual([
      [
        { label: 0, corners: [0, 0.5, 1, 1] },
        { label: 1, corners: [0.25, 0, 0.75, 0.5] },
      ],
      [],
      [{ label: 1, corners: [0.75, 0.5, 1, 1] }],
    ]);
    expect(dataset.files.map(({ path }) => path)).toEqual([
      "images/0.png",
      "images/1.png",
      "images/2.png",
      "annotations.json",
    ]);
  });

  test("is decoded to one size, the boxes with it", async () => {
    const { root } = make();
    const dataset = await openDataset(coco("data", { size: [4, 6], channels: 3, images: "images" }), { root });
    const { boxes, pixels, ...rest } = await loadExamples(dataset);
    expect(rest).toEqual({ kind: "boxes", count: 3, labels: ["cat", "dog"], height: 4, width: 6, channels: 3 });
    expect(boxes).toEqual(dataset.boxes);
    expect(pixels).toHaveLength(3 * 4 * 6 * 3);
    expect(pixels[2 * 4 * 6 * 3]).toBe(20);
  });

  test("an image that changed after it was opened is refused", async () => {
    const { data, open } = make();
    const dataset = await open();
    writeFileSync(join(data, "images/1.png"), makeImage(99));
    await expect(loadExamples(dataset)).rejects.toMatchObject({
      code: datasetFaulty.code,
      message: expect.stringContaining("images/1.png: changed while the dataset was being read"),
    });
  });

  test("a box a pixel over the edge is cut there; crowds and categories without boxes are told of", async () => {
    const text = JSON.parse(annotate(1, [[0, 0, [-0.5, 0, 5, 2]]])) as { annotations: object[] };
    text.annotations.push({ id: 9, image_id: 0, category_id: 1, bbox: [0, 0, 1, 1], iscrowd: 1 });
    const { boxes, labels, warnings } = await make(JSON.stringify(text), 1).open();
    expect(boxes).toEqual([[{ label: 0, corners: [0, 0, 1, 1] }]]);
    expect(labels).toEqual(["cat"]);
    expect(warnings.map(({ message }) => message)).toEqual([
      "no box is of dog: not learned",
      "1 region of crowds (iscrowd) is left out",
      "labels that one image shows, which are trained on or validated, never both: cat",
    ]);
  });

  test("the same image twice is told of", async () => {
    const { data, open } = make();
    writeFileSync(join(data, "images/2.png"), makeImage(0));
    const { warnings } = await open();
    expect(warnings.find(({ kind }) => kind === "duplicate")).toEqual({
      kind: "duplicate",
      message: "the same image more than once: images/0.png = images/2.png",
      paths: ["images/0.png", "images/2.png"],
    });
  });
});

describe("faults", () => {
  test.each<[string, Annotation[], string]>([
    [
      "right of the image",
      [[0, 0, [2, 0, 4, 1]]],
      "has the bbox [2,0,4,1], which lies outside of 0.png with its 4 × 2 pixels",
    ],
    ["below it", [[0, 0, [0, 5, 1, 1]]], "has the bbox [0,5,1,1], which lies outside of 0.png with its 4 × 2 pixels"],
    [
      "cut to nothing",
      [[0, 0, [4, 0, 1, 1]]],
      "has the bbox [4,0,1,1], which lies outside of 0.png with its 4 × 2 pixels",
    ],
  ])("a box %s", async (_what, annotations, message) => {
    expect(await faultsOf(make(annotate(1, annotations), 1))).toEqual([
      { kind: "box", path: "annotations.json:annotations[0]", message },
    ]);
  });

  test("all at once: a file that is missing, one of another size, one that is no image, one broken annotation", async () => {
    const text = annotate(4, [
      [0, 0, [0, 0, 1, 1]],
      [0, 5, [0, 0, 1, 1]],
    ]).replace('"1.png","width":4', '"1.png","width":5');
    const project = make(text, 2);
    writeFileSync(join(project.data, "images/2.png"), "no image");
    expect((await faultsOf(project)).map(({ kind, path, message }) => `${kind} ${path} ${message}`)).toEqual([
      "format annotations.json:annotations[1] is of category_id 5, which no category has",
      "format images/1.png is 5 × 2 pixels by annotations.json:images[1], but the file has 4 × 2; its boxes would lie elsewhere",
      expect.stringMatching(/^unsupported images\/2\.png /),
      "missing images/3.png is named by annotations.json:images[3], but there is no such file",
    ]);
  });

  test("a link out of the folder, though it leads to an image", async () => {
    const project = make(annotate(3, three), 2);
    writeFileSync(join(project.root, "elsewhere.png"), makeImage(50));
    symlinkSync(join(project.root, "elsewhere.png"), join(project.data, "images/2.png"));
    expect(await faultsOf(project)).toMatchObject([{ kind: "outside", path: "images/2.png" }]);
  });

  test("no box, no image, no annotations", async () => {
    expect(await faultsOf(make(annotate(2, []), 2))).toMatchObject([
      { message: "has no box in any of its 2 images; wanted boxes to learn from" },
    ]);
    expect(await faultsOf(make(annotate(0, []), 0))).toMatchObject([
      { message: "names no image; wanted boxes to learn from" },
    ]);
    const project = make();
    rmSync(join(project.data, "annotations.json"));
    await expect(project.open()).rejects.toMatchObject({ code: dataFileMissing.code });
  });

  test.each([
    [{ size: [2, 0] }, "size"],
    [{ size: [2, 4], annotations: "../a.json" }, "annotations"],
    [{ size: [2, 4], images: "/images" }, "images"],
    [{ size: [2, 4], labels: [] }, "labels"],
  ])("an argument: %j", (options, argument) => {
    expect(() => coco("data", options as never)).toThrow(
      expect.objectContaining({ code: sourceArgument.code, details: expect.objectContaining({ argument }) }),
    );
  });
});

describe("the lock", () => {
  test("counts boxes, and tells whose boxes were changed", async () => {
    const { root, data, open } = make();
    const { lock } = lockDataset(await open(), root);
    expect(lock).toMatchObject({ count: 3, labels: { cat: 1, dog: 2 } });
    const moved = three.map(([image, category, bbox], index): Annotation => [
      image,
      category,
      index === 2 ? [2, 1, 1, 1] : bbox,
    ]);
    writeFileSync(join(data, "annotations.json"), annotate(3, moved));
    const changed = await open();
    expect(datasetStatus(changed, root)).toMatchObject({ state: "differs", lines: ["1 image changed: images/2.png"] });
    expect(() => holdLock(changed, root)).toThrow(expect.objectContaining({ code: lockDiffers.code }));
  });

  test("another order, and other ids, are no difference; another name of a label is one", async () => {
    const { root, data, open } = make();
    lockDataset(await open(), root);
    writeFileSync(join(data, "annotations.json"), annotate(3, three.toReversed()));
    expect(datasetStatus(await open(), root).state).toBe("same");
    writeFileSync(join(data, "annotations.json"), annotate(3, three, ["cat", "wolf"]));
    expect(datasetStatus(await open(), root).lines).toEqual(["2 images changed: images/0.png, images/2.png"]);
  });

  test("a file that got another name was renamed, and its folder is no label", async () => {
    const { root, data, open } = make();
    lockDataset(await open(), root);
    renameSync(join(data, "images/2.png"), join(data, "images/9.png"));
    writeFileSync(join(data, "annotations.json"), annotate(3, three).replace("2.png", "9.png"));
    expect(datasetStatus(await open(), root).lines).toEqual(["1 image renamed: images/2.png → images/9.png"]);
  });
});

test("the split keeps the share of images with each label, and is the same for the same seed", async () => {
  const count = 40;
  const annotations = Array.from({ length: 30 }, (_, index): Annotation => [
    index,
    index % 10 === 0 ? 0 : 1,
    [0, 0, 2, 1],
  ]);
  const dataset = await make(annotate(count, annotations), count).open();
  const split = splitDataset(dataset, { validation: 0.25, seed: 3 });
  expect(split).toEqual(splitDataset(dataset, { validation: 0.25, seed: 3 }));
  expect(split.validation).toHaveLength(10);
  const labels = Array.from(split.validation, (row) => dataset.entries[row]?.label);
  expect(labels.filter((label) => label === "cat")).toHaveLength(1);
  expect(labels.filter((label) => label === "")).toHaveLength(2);
  expect(new Set([...split.train, ...split.validation]).size).toBe(count);
});
