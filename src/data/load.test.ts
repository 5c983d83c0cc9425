import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ProgressEvent } from "../base/progress.ts";
import { grey, makeJpeg } from "../pixels/_fixtures.ts";
import { makeImage, makeProject, six } from "./_fixtures.ts";
import { dataInterrupted, datasetFaulty } from "./errors.ts";
import { imageFolder } from "./index.ts";
import { loadExamples, openDataset } from "./open.ts";

describe("loadExamples", () => {
  test("gives rows in the order of the entries, in memory that threads share", async () => {
    const { root, source } = makeProject(six);
    const examples = await loadExamples(await openDataset(source, { root }));
    const { pixels, targets, ...rest } = examples;
    expect(rest).toEqual({ kind: "images", count: 6, height: 2, width: 4, channels: 1, labels: ["cat", "dog"] });
    expect([...pixels]).toEqual([10, 11, 12, 13, 14, 15].flatMap((value) => Array.from({ length: 8 }, () => value)));
    expect([...targets]).toEqual([0, 0, 0, 1, 1, 1]);
    expect([pixels.buffer, targets.buffer].map((buffer) => buffer instanceof SharedArrayBuffer)).toEqual([true, true]);
  });

  test("large images are resized by several threads, each into its own row", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`${i % 2}/${i + 10}.jpg`, makeJpeg(grey(200, 150, () => 20 * i))]),
    );
    const { root } = makeProject(files);
    const source = imageFolder("data", { size: [3, 5], channels: 3, otherSizes: "resize" });
    const dataset = await openDataset(source, { root });
    const { pixels } = await loadExamples(dataset);
    const seen = dataset.entries.map((_, row) => Math.round(pixels[row * 45]! / 20));
    expect(seen).toEqual(dataset.entries.map(({ path }) => Number(path.slice(2, 4)) - 10));
  });

  test("a file that changed since it was opened is named", async () => {
    const { root, data, source } = makeProject(six);
    const dataset = await openDataset(source, { root });
    writeFileSync(join(data, "dog/b.png"), makeImage(200));
    await expect(loadExamples(dataset)).rejects.toMatchObject({
      code: datasetFaulty.code,
      details: { total: 1, faults: [{ kind: "changed", path: "dog/b.png" }] },
    });
  });

  test("what only decoding shows is reported for all files", async () => {
    const damaged = Buffer.from(makeImage(1));
    damaged[damaged.indexOf("IDAT") + 6]! ^= 0xff;
    const { root, source } = makeProject({
      ...six,
      "cat/x.png": damaged,
      "dog/x.png": Buffer.concat([damaged, Buffer.from([0])]),
    });
    const dataset = await openDataset(source, { root });
    await expect(loadExamples(dataset)).rejects.toMatchObject({
      details: {
        faults: [
          { kind: "broken", path: "cat/x.png" },
          { kind: "broken", path: "dog/x.png" },
        ],
      },
    });
  });

  test("reports its progress and stops when told to", async () => {
    const { root, source } = makeProject(six);
    const events: ProgressEvent[] = [];
    const dataset = await openDataset(source, { root, report: (event) => events.push(event) });
    expect(events[0]).toEqual({ step: "data", label: "read files", done: 0, total: 6 });
    await expect(loadExamples(dataset, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: dataInterrupted.code,
    });
  });
});
