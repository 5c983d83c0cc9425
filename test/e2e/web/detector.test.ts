/** @file The template `detector` as a newcomer meets it: trained on what it draws, asked about pictures that it has never seen, in a real Chromium. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeProject } from "../../../src/cli/init/make.ts";
import { createRandom } from "../../../src/cli/init/random.ts";
import { drawScene, type Scene, sceneSide } from "../../../src/cli/init/scenes.ts";
import type { CocoSource } from "../../../src/data/types.ts";
import { overlapOf } from "../../../src/model/detector/anchors.ts";
import { encodePng } from "../../../src/pixels/encode-png.ts";
import { loadProject } from "../../../src/project/load.ts";
import type { Server } from "../../../src/serve/server.ts";
import type { DetectorTrainer } from "../../../src/train/types.ts";
import { launchChromium } from "../../chromium.ts";
import { createSite, type Site } from "./site.ts";
import { listBarriers, visit } from "./visit.ts";

let browser: Browser;
let home: string;
let site: Site;
let server: Server;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "slipway-finder-"));
  const folder = join(home, "finder");
  makeProject({ folder, template: "detector", name: undefined });
  const { definition } = await loadProject(folder);
  const trainer = definition.train as DetectorTrainer;
  site = await createSite({
    project: definition,
    folder,
    source: definition.data as CocoSource,
    // Fewer than the template's: enough for its gate, and half the time.
    trainer: { ...trainer, epochs: 12 },
  });
  server = await site.open();
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await site?.remove();
  await rm(home, { recursive: true, force: true });
});

/** Other pictures than the template's: it draws by seed 1. */
const random = createRandom(20_261_121);
const fresh = Array.from({ length: 20 }, () => drawScene(random));
const toPng = ({ pixels }: Scene): Buffer => Buffer.from(encodePng(pixels, sceneSide, sceneSide));
const toShares = ([x, y, width, height]: Scene["objects"][number]["box"]) =>
  [x / sceneSide, y / sceneSide, (x + width) / sceneSide, (y + height) / sceneSide] as const;

type Answer = { label: string; score: number; box: [number, number, number, number] }[];

async function ask(scene: Scene): Promise<Answer> {
  const body = new FormData();
  body.set("image", new Blob([new Uint8Array(toPng(scene))]), "fresh.png");
  const response = await fetch(`${server.url}/predict`, { method: "POST", body });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

test("its metric passes the template's own gate", () => {
  expect(site.artifact.lineage.metrics["meanAveragePrecision"]).toBeGreaterThanOrEqual(0.9);
});

test("in pictures that it has never seen it finds the shapes where they were drawn, and next to nothing else", async () => {
  let [wanted, hits, told] = [0, 0, 0];
  for (const scene of fresh) {
    const found = await ask(scene);
    wanted += scene.objects.length;
    told += found.length;
    for (const { label, box } of scene.objects)
      hits += Number(found.some((one) => one.label === label && overlapOf(one.box, toShares(box)) > 0.5));
  }
  expect(hits / wanted).toBeGreaterThan(0.9);
  expect(hits / told).toBeGreaterThan(0.9);
});

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  test("the playground draws the boxes over the shapes; what is unsure comes with the slider", async () => {
    const scene = fresh.find(({ objects }) => objects.length === 3)!;
    const sure = await ask(scene);
    const seen = await visit(browser, `${server.url}/`, { colorScheme });
    const { page } = seen;
    await page.locator(".facts").waitFor();
    await page
      .locator('input[type="file"]')
      .setInputFiles({ name: "fresh.png", mimeType: "image/png", buffer: toPng(scene) });
    await expect.poll(() => page.locator(".box").count()).toBe(sure.length);
    const pad = (await page.locator(".pad").boundingBox())!;
    for (const [index, { label, box }] of sure.entries()) {
      const drawn = page.locator(".box").nth(index);
      expect(await drawn.textContent()).toContain(label);
      const { x, y, width, height } = (await drawn.boundingBox())!;
      const shares = [x - pad.x, y - pad.y, x - pad.x + width, y - pad.y + height].map(
        (place, axis) => place / (axis % 2 === 0 ? pad.width : pad.height),
      );
      for (const [corner, share] of shares.entries()) expect(Math.abs(share - box[corner]!)).toBeLessThan(0.02);
    }
    expect(await page.locator(".label").textContent()).toBe(String(sure.length));
    await page.getByRole("slider", { name: /Shown from/ }).fill("1");
    await expect.poll(() => page.locator(".least-score .small").textContent()).toBe("nothing is less sure");
    expect(await page.locator(".box").count()).toBeGreaterThanOrEqual(sure.length);
    expect(await page.locator(".curve").count()).toBe(2);
    expect(await listBarriers(page)).toEqual([]);
    await seen.close();
    expect(seen.faults).toEqual([]);
  });
});
