import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { digestOf } from "../../base/digest.ts";
import { openDataset } from "../../data/open.ts";
import { loadProject } from "../../project/load.ts";
import { decodeImage } from "../../pixels/decode.ts";
import { makeProject, templates } from "./make.ts";
import { encodePng } from "../../pixels/encode-png.ts";
import { drawShapes } from "./shapes.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-init-")));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each(Object.keys(templates))("the template %s is a valid project whose data has no fault", async (template) => {
  const folder = join(home, `My ${template} Model!`);
  const made = makeProject({ folder, template, name: undefined });
  expect(made.name).toBe(`my-${template}-model`);
  const { definition, root } = await loadProject(folder);
  expect(definition.name).toBe(made.name);
  const dataset = await openDataset(definition.data!, { root });
  expect({ count: dataset.entries.length, warnings: dataset.warnings }).toEqual({ count: 300, warnings: [] });
  expect(readdirSync(folder).toSorted()).toEqual([".gitignore", ".slipway", "README.md", "data", "slipway.config.ts"]);
  expect(readFileSync(join(folder, "README.md"), "utf8")).not.toContain("{{");
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
