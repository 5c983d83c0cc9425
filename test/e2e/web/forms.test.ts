/** @file The playground for models that take a text or columns, and for detectors, in a real Chromium by day and by night. */
import { deflateSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { pngOf } from "../../../src/serve/_fixture.ts";
import { detectorModel, intentModel, marketModel, serveForTest, type Made } from "../../../src/serve/_models.ts";
import { launchChromium } from "../../chromium.ts";
import { give } from "./hand.ts";
import { buildPage } from "./site.ts";
import { listBarriers, visit } from "./visit.ts";

let browser: Browser;

beforeAll(async () => {
  buildPage();
  browser = await launchChromium();
});

afterAll(() => browser?.close());

async function open(made: Made, colorScheme: "light" | "dark"): Promise<Page> {
  const server = await serveForTest(made);
  const at = await visit(browser, `${server.url}/`, { colorScheme });
  onTestFinished(async () => {
    await at.close();
    expect(at.faults).toEqual([]);
  });
  await at.page.locator(".facts").waitFor();
  return at.page;
}

const label = (page: Page) => () => page.locator(".label").textContent();

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  test("a text is read as it is written, the last one counts, and the curl line asks the same", async () => {
    const page = await open(intentModel(), theme);
    await page.getByLabel("Text").fill("two pizza, please");
    await expect.poll(label(page)).toBe("order");
    await page.getByLabel("Text").pressSequentially(" bye bye");
    await expect.poll(label(page)).toBe("farewell");
    await page.getByLabel("Text").fill("");
    await expect.poll(label(page)).toBe("greeting");
    expect(await page.locator(".curl code").textContent()).toMatch(
      /^curl -H .* -d '\{"text":""\}' .*\/playground\/predict$/,
    );
    expect(await listBarriers(page)).toEqual([]);
  });

  test("columns are asked about once each has a number, and what is none is marked", async () => {
    const page = await open(marketModel(), theme);
    const field = (name: string) => page.getByLabel(name, { exact: true });
    await field("return").fill("1");
    await field("ma_3").fill("0.5");
    await field("volatility_3").fill("much");
    expect(await field("volatility_3").getAttribute("aria-invalid")).toBe("true");
    expect(await label(page)()).toBe("–");
    await field("volatility_3").fill("-3");
    await expect.poll(label(page)).toBe("DOWN");
    await field("volatility_3").fill("3");
    await expect.poll(label(page)).toBe("UP");
    expect(await listBarriers(page)).toEqual([]);
  });

  test("boxes lie over the image where the model saw them, and are listed", async () => {
    const page = await open(detectorModel(), theme);
    const photo = Buffer.from(pngOf(8, 6, deflateSync(Buffer.alloc(6 * 9, 90))));
    await give(page, "drop", photo, "photo.png", "image/png");
    await expect.poll(() => page.locator(".box").count()).toBe(2);
    const pad = (await page.locator(".pad").boundingBox())!;
    const box = (await page.locator(".box").first().boundingBox())!;
    expect((box.x - pad.x) / pad.width).toBeCloseTo(0.25, 1);
    expect(box.width / pad.width).toBeCloseTo(0.25, 1);
    expect(box.height / pad.height).toBeCloseTo(0.5, 1);
    expect(await page.locator(".box span").allTextContents()).toEqual([
      expect.stringMatching(/^dog 75/),
      expect.stringMatching(/^cat 50/),
    ]);
    expect(await page.locator(".box-table tbody tr").first().textContent()).toMatch(
      /^dog75.*25\.0%, 25\.0%, 50\.0%, 75\.0%$/,
    );
    expect(await label(page)()).toBe("2");
    expect(await listBarriers(page)).toEqual([]);
  });
});
