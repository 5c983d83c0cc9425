/** @file What the pages are like: themes, narrow windows, barriers, and that they ask nobody but their own server. The model is of colour images. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Server } from "../../../src/serve/server.ts";
import { launchChromium } from "../../chromium.ts";
import { drawByMouse, zero } from "./hand.ts";
import { createSite, type Site } from "./site.ts";
import { makePaints, paintPlate, paints } from "./subjects.ts";
import { listBarriers, visit, type Visit } from "./visit.ts";

let browser: Browser;
let folder: string;
let site: Site;
let server: Server;
let at: Visit;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-paints-"));
  site = await createSite(makePaints(folder));
  server = await site.open();
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await site?.remove();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  const { faults } = at;
  await at.close();
  if (faults.length > 0) throw new Error(`The page said: ${faults.join("; ")}`);
});

async function open(options?: BrowserContextOptions): Promise<Page> {
  at = await visit(browser, `${server.url}/`, options);
  await at.page.locator(".facts").waitFor();
  return at.page;
}

const label = (page: Page) => () => page.locator(".label").textContent();
const overflow = (page: Page) => page.evaluate("document.documentElement.scrollWidth - innerWidth");
const ground = (page: Page) => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");

async function choose(page: Page, buffer: Buffer, name = "plate.png"): Promise<void> {
  await page.locator('input[type="file"]').setInputFiles({ name, mimeType: "image/png", buffer });
}

describe("a model of colour images with words for labels", () => {
  test.each(Object.entries(paints))("a plate of %s is read as such", async (wanted, colour) => {
    const page = await open();
    await choose(page, paintPlate(colour, 24, 32));
    await expect.poll(label(page)).toBe(wanted);
    expect(await page.locator(".bars tbody th").allTextContents()).toEqual(Object.keys(paints).toSorted());
    expect(await page.locator(".sending").textContent()).toContain("32 × 24 px, colour");
  });

  test("the pad has the model's proportions, and a drawing is dark ink on white, where it was drawn", async () => {
    const page = await open();
    const box = (await page.locator("#pad").boundingBox())!;
    expect(box.width / box.height).toBeCloseTo(32 / 24, 1);
    await drawByMouse(page, [
      [0.1, 0.5],
      [0.2, 0.5],
    ]);
    await expect.poll(label(page)).not.toBe("–");
    const [ink, paper] = await page.evaluate<[number[], number[]]>(`(() => {
      const context = document.querySelector(".sending canvas").getContext("2d");
      return [[...context.getImageData(5, 12, 1, 1).data], [...context.getImageData(28, 3, 1, 1).data]];
    })()`);
    expect(Math.max(...ink.slice(0, 3))).toBeLessThan(128);
    expect(paper).toEqual([255, 255, 255, 255]);
  });

  test("without a route of the project's own, the curl line asks what the page asks", async () => {
    const page = await open();
    expect(await page.locator(".curl code").textContent()).toBe(
      `curl -F image=@image.png ${server.url}/playground/predict`,
    );
  });
});

describe("themes", () => {
  test("the system's theme is followed, also while the page is open", async () => {
    const page = await open({ colorScheme: "light" });
    const light = await ground(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(() => ground(page)).not.toBe(light);
  });

  test("a chosen theme stays after a reload, whatever the system says, until the system is chosen again", async () => {
    const page = await open({ colorScheme: "light" });
    const light = await ground(page);
    await page.getByRole("radio", { name: "Dark" }).check();
    await expect.poll(() => ground(page)).not.toBe(light);
    const dark = await ground(page);
    await page.reload();
    expect(await ground(page)).toBe(dark);
    await page.getByRole("radio", { name: "As the system" }).check();
    await expect.poll(() => ground(page)).toBe(light);
  });

  test("who wants no motion sees none", async () => {
    const page = await open({ reducedMotion: "reduce" });
    const duration = "getComputedStyle(document.querySelector('.bar-fill')).transitionDuration";
    expect(await page.evaluate(duration)).toBe("0s");
    await page.emulateMedia({ reducedMotion: "no-preference" });
    expect(await page.evaluate(duration)).not.toBe("0s");
  });
});

describe.each([
  ["a phone", { width: 320, height: 640 }],
  ["a tablet", { width: 800, height: 1100 }],
  ["a desk", { width: 1600, height: 900 }],
])("on %s", (_name, viewport) => {
  test("nothing sticks out, empty or read", async () => {
    const page = await open({ viewport });
    expect(await overflow(page)).toBe(0);
    await choose(page, paintPlate(paints["red lead & tar"], 24, 32));
    await expect.poll(label(page)).toBe("red lead & tar");
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await overflow(page)).toBe(0);
  });
});

describe.each(["light", "dark"] as const)("barriers in the %s theme", (colorScheme) => {
  test("none on the empty page, nor on one that reads, with everything open", async () => {
    const page = await open({ colorScheme });
    expect(await listBarriers(page)).toEqual([]);
    await drawByMouse(page, zero);
    await expect.poll(label(page)).not.toBe("–");
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await listBarriers(page)).toEqual([]);
  });

  test("none on a phone, nor where something went wrong", async () => {
    const page = await open({ colorScheme, viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
    await choose(page, Buffer.from("no image"), "plate.png");
    await page.locator(".notice").waitFor();
    expect(await listBarriers(page)).toEqual([]);
  });

  test("none on the API's page", async () => {
    at = await visit(browser, `${server.url}/docs`, { colorScheme, viewport: { width: 900, height: 900 } });
    expect(await at.page.getByRole("heading", { level: 1 }).textContent()).toBe("paints");
    expect(await listBarriers(at.page)).toEqual([]);
    await at.page.setViewportSize({ width: 320, height: 640 });
    expect(await overflow(at.page)).toBe(0);
    const picture = await at.page.screenshot();
    expect(picture.length).toBeGreaterThan(10_000);
  });
});

describe("offline", () => {
  test("the page asks its own server and nobody else", async () => {
    const page = await open();
    await drawByMouse(page, zero);
    await expect.poll(label(page)).not.toBe("–");
    await choose(page, paintPlate(paints.sand, 60, 60));
    await expect.poll(() => page.locator(".sending").textContent()).toContain("fitted from 60 × 60");
    const asked = at.requests.filter((address) => !/^(data|blob):/.test(address));
    expect(new Set(asked.map((address) => new URL(address).origin))).toEqual(new Set([server.url]));
    expect(new Set(asked.map((address) => new URL(address).pathname))).toEqual(
      new Set(["/", "/card", "/playground/predict"]),
    );
  });

  test("from the API's page the way leads back", async () => {
    const page = await open();
    await page.getByRole("link", { name: "API" }).click();
    await page.getByRole("link", { name: "playground" }).click();
    await page.locator(".facts").waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
  });
});
