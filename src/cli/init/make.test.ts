import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { openDataset } from "../../data/open.ts";
import { loadProject } from "../../project/load.ts";
import { readContract } from "../../testing/contract/read.ts";
import { decodeImage } from "../../pixels/decode.ts";
import { makeProject, templates } from "./make.ts";
import { encodePng } from "../../pixels/encode-png.ts";
import { drawFruits } from "./fruits.ts";
import { drawShapes } from "./shapes.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-init-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What each template comes with, besides its README.md, .gitignore and slipway.config.ts. */
const contents: Readonly<Record<string, { kind?: string; rows: number; labels: number; files: readonly string[] }>> = {
  image: { kind: "imageFolder", rows: 300, labels: 3, files: ["data"] },
  text: { kind: "jsonl", rows: 120, labels: 4, files: ["data"] },
  tabular: { kind: "csv", rows: 300, labels: 4, files: ["data"] },
  detector: { kind: "coco", rows: 600, labels: 3, files: ["data"] },
  api: { rows: 0, labels: 0, files: ["contract.json"] },
};

const noData = { entries: [], labels: [], warnings: [] };

test.each(Object.keys(templates))("the template %s is a valid project whose data has no fault", async (template) => {
  const folder = join(home, `My ${template} Model!`);
  const { kind, rows, labels, files } = contents[template]!;
  const made = makeProject({ folder, template, name: undefined });
  expect(made.name).toBe(`my-${template}-model`);
  expect(readdirSync(folder).toSorted()).toEqual([".gitignore", "README.md", "slipway.config.ts", ...files].toSorted());
  for (const file of ["README.md", "slipway.config.ts"])
    expect(readFileSync(join(folder, file), "utf8")).not.toContain("{{");
  const { definition, root } = await loadProject(folder);
  expect(definition.name).toBe(made.name);
  expect(Object.keys(definition.serve?.routes ?? {}).length).toBeGreaterThan(0);
  const { data } = definition;
  expect(data?.kind).toBe(kind);
  // Without data there is nothing to open.
  const dataset = rows > 0 && data !== undefined ? await openDataset(data, { root }) : noData;
  expect({ rows: dataset.entries.length, labels: dataset.labels.length, warnings: dataset.warnings }).toEqual({
    rows,
    labels,
    warnings: [],
  });
});

test("the contract of the template api is one", async () => {
  const folder = join(home, "contract");
  makeProject({ folder, template: "api", name: undefined });
  expect((await readContract(join(folder, "contract.json"))).targets.map(({ name }) => name)).toEqual(["score"]);
});

test("the table is the same for the same seed, with as many rows of each fruit", () => {
  expect(drawFruits(5, 1)).toBe(drawFruits(5, 1));
  expect(drawFruits(5, 2)).not.toBe(drawFruits(5, 1));
  const [head, ...rows] = drawFruits(5, 1).trim().split("\n");
  expect(head).toBe("weight,length,roundness,hue,fruit");
  expect(Map.groupBy(rows, (row) => row.split(",").at(-1))).toEqual(
    new Map(["apple", "banana", "orange", "pear"].map((fruit) => [fruit, expect.objectContaining({ length: 5 })])),
  );
});

test("a folder with anything in it is left as it is", () => {
  const folder = mkdtempSync(join(home, "full-"));
  writeFileSync(join(folder, "notes.txt"), "mine");
  expect(() => makeProject({ folder, template: "image", name: undefined })).toThrow(
    /holds files already \(notes\.txt\)/,
  );
  expect(readdirSync(folder)).toEqual(["notes.txt"]);
});

test("the drawing is the same for the same seed, by pixels", () => {
  const pixels = (seed: number) =>
    digestOf(
      Buffer.concat(
        drawShapes(3, seed).map(({ content }) =>
          decodeImage(content, { height: 28, width: 28, channels: 1, otherSizes: "refuse" }),
        ),
      ),
    );
  expect(pixels(1)).toBe(pixels(1));
  expect(pixels(2)).not.toBe(pixels(1));
});

test("a PNG of ours is read back as it was drawn", () => {
  const drawn = Uint8Array.from({ length: 6 }, (_, index) => index * 50);
  const read = decodeImage(encodePng(drawn, 3, 2), { height: 2, width: 3, channels: 1, otherSizes: "refuse" });
  expect([...read]).toEqual([...drawn]);
});
