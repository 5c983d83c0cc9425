/** @file Images with boxes on their way: through the gate, beside a champion, and to a cluster. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { digestOf } from "../base/digest.ts";
import { silent } from "../base/progress.ts";
import { coco } from "../data/index.ts";
import { openDataset } from "../data/open.ts";
import { lockDataset } from "../data/status.ts";
import { startMemoryRegistry } from "../oci/fixtures/memory-registry.ts";
import { openRepository } from "../oci/repository.ts";
import { encodePng } from "../pixels/encode-png.ts";
import type { Project } from "../project/types.ts";
import { adam, detector } from "../train/index.ts";
import { tinyBackbone, tinyBoxes, tinySide } from "../train/detector/tiny.fixture.ts";
import { listDatasetFiles, relocate } from "./dataset/files.ts";
import { pullDataset } from "./dataset/pull.ts";
import { pushDataset } from "./dataset/push.ts";
import { listQuestions } from "./question.ts";
import { train } from "./up.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-boxes-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const options = { report: silent, signal: new AbortController().signal };
const source = coco("data", { size: [tinySide, tinySide], channels: 1, images: "images" });

test("a detector passes its gate, and its successor is held against it on the same rows", async () => {
  const project = makeProject("gate");
  writeBoxes(project.root, 64);
  const first = await train(project, options);
  const { metrics } = first.artifact.lineage;
  expect(textOf(first, "data")).toMatch(/^64 images, 75 boxes, 2 labels · sha256:/);
  expect(textOf(first, "train")).toBe(
    `12 epochs · meanAveragePrecision ${Number(metrics["meanAveragePrecision"]!.toFixed(4))} on 13 validation images`,
  );
  expect(first.artifact.lineage.dataset).toMatchObject({ count: 64, labels: { dark: 31, light: 44 } });

  writeBoxes(project.root, 96);
  lockDataset(await openDataset(source, { root: project.root }), project.root);
  const second = await train(project, options);
  expect(second.artifact.digest).not.toBe(first.artifact.digest);
  expect(textOf(second, "gate")).toMatch(/on the same (?:\d+ )?rows/);
  const [, check] = second.steps.find(({ step }) => step === "gate")!.facts["checks"] as { champion: number }[];
  expect(check!.champion).toBeGreaterThan(0);
});

test("the same dataset is read where its files were unpacked", async () => {
  const { root } = makeProject("travel");
  writeBoxes(root, 16);
  const dataset = await openDataset(source, { root });
  const registry = await startMemoryRegistry();
  try {
    const repository = openRepository(`${registry.host}/datasets/boxes`);
    const files = await listDatasetFiles(dataset, root);
    expect(files!.files).toHaveLength(17);
    const { digest } = await pushDataset(repository, "boxes", files!);
    const folder = join(home, "unpacked");
    await pullDataset(repository, digest, folder, { digest: dataset.digest });
    const moved = await openDataset(relocate(source, folder), { root: join(home, "elsewhere") });
    expect(moved.digest).toBe(dataset.digest);
    expect(moved).toMatchObject({ kind: "boxes", boxes: dataset.boxes });
  } finally {
    await registry.close();
  }
});

test("a row is asked about as an image, and knows what should be found", async () => {
  const { root } = makeProject("questions");
  writeBoxes(root, 8);
  const dataset = await openDataset(source, { root });
  const [question] = listQuestions(dataset, Int32Array.of(0));
  expect(question).toMatchObject({ name: "0000.png", subject: { kind: "image", fileName: "0000.png" } });
  const { labels } = dataset;
  expect(question!.boxes).toEqual(dataset.boxes[0]!.map(({ label, corners }) => ({ label: labels[label], corners })));
});

function textOf({ steps }: Awaited<ReturnType<typeof train>>, wanted: string): string | undefined {
  return steps.find(({ step }) => step === wanted)?.text;
}

function makeProject(name: string): Project {
  const root = join(home, name);
  mkdirSync(root, { recursive: true });
  const path = join(root, "slipway.config.ts");
  const definition = {
    name,
    data: source,
    train: detector({ layers: tinyBackbone, anchors: [9], optimizer: adam({ rate: 0.01 }), epochs: 12, workers: 1 }),
    gate: { meanAveragePrecision: { atLeast: 0.1, notWorseThanChampionBy: 1 } },
  } as Project["definition"];
  return { root, configPath: path, definition, codeDigest: digestOf(name), appPath: path };
}

/** The first `count` images of the little dataset, as files. */
function writeBoxes(root: string, count: number): void {
  const { pixels, boxes, labels } = tinyBoxes(count);
  const size = tinySide * tinySide;
  const name = (row: number): string => `${String(row).padStart(4, "0")}.png`;
  const files = boxes.map((_, row) => [
    `images/${name(row)}`,
    encodePng(pixels.subarray(row * size, (row + 1) * size), tinySide, tinySide),
  ]);
  const annotations = boxes.flatMap((own, row) =>
    own.map(({ label, corners: [left, top, right, bottom] }) => ({
      image_id: row,
      category_id: label,
      bbox: [left, top, right - left, bottom - top].map((share) => Math.round(share * tinySide)),
    })),
  );
  const json = JSON.stringify({
    images: boxes.map((_, id) => ({ id, file_name: name(id), width: tinySide, height: tinySide })),
    categories: labels.map((label, id) => ({ id, name: label })),
    annotations: annotations.map((annotation, id) => ({ id, ...annotation })),
  });
  for (const [path, content] of [...files, ["annotations.json", json]] as [string, string | Uint8Array][]) {
    mkdirSync(dirname(join(root, "data", path)), { recursive: true });
    writeFileSync(join(root, "data", path), content);
  }
}
