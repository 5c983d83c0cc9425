/** @file The playground in a real Chromium, against the real server, with a model that was trained on the real digits. */
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Prediction } from "../../../src/project/types.ts";
import type { Server } from "../../../src/serve/server.ts";
import { launchChromium } from "../../chromium.ts";
import { drawByFinger, drawByMouse, give, one, seven, zero } from "./hand.ts";
import { readSeen, readShown } from "./read.ts";
import { createSite, digitFile, type Site } from "./site.ts";
import { digits } from "./subjects.ts";
import { visit, type Visit } from "./visit.ts";

let browser: Browser;
let site: Site;
let server: Server;
let at: Visit;

beforeAll(async () => {
  site = await createSite(digits);
  server = await site.open();
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await site?.remove();
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
const notice = (page: Page) => page.locator(".notice");

describe("drawing", () => {
  test.each([
    ["1", one],
    ["7", seven],
    ["0", zero],
  ])("a %s drawn with the mouse is read as such, with the probabilities of all ten", async (wanted, path) => {
    const page = await open();
    await drawByMouse(page, path);
    await expect.poll(label(page)).toBe(wanted);
    const { bars, probability } = await readShown(page);
    expect(bars.map(([name]) => name)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    const shares = bars.map(([, text]) => Number(/[\d.]+/.exec(text)![0]));
    expect(shares[Number(wanted)]).toBe(Math.max(...shares));
    expect(shares[Number(wanted)]).toBeGreaterThan(50);
    expect(probability).toBe(bars[Number(wanted)]![1]);
    expect(await page.locator('[data-latency="round-trip"]').textContent()).toMatch(/^[\d.]+ m?s$/);
    expect(await page.locator('[data-latency="server"]').textContent()).toMatch(/^[\d.]+ m?s$/);
    // Screen readers hear it once it has settled.
    await expect.poll(() => page.locator('.dial-face [role="status"]').textContent()).toMatch(`Reads ${wanted}, `);
  });

  test("the model gets what MNIST has: light ink on black, twenty pixels high, its mass in the middle", async () => {
    const page = await open();
    await drawByMouse(
      page,
      seven.map(([x, y]) => [x * 0.4, y * 0.4] as const),
    );
    await expect.poll(label(page)).toBe("7");
    const pixels = await readSeen(page);
    const rows = [...pixels.keys()].filter((index) => pixels[index]! > 127).map((index) => Math.floor(index / 28));
    expect(Math.max(...rows) - Math.min(...rows) + 1).toBeGreaterThanOrEqual(18);
    expect(Math.max(...rows) - Math.min(...rows) + 1).toBeLessThanOrEqual(20);
    const mass = pixels.reduce((total, value) => total + value, 0);
    expect(pixels.reduce((total, value, index) => total + value * (index % 28), 0) / mass).toBeCloseTo(13.5, 0);
    expect(pixels[0]).toBe(0);
  });

  test("the reading is live: it comes before the pen is lifted, and follows what is drawn", async () => {
    const page = await open();
    await drawByMouse(page, one, { lift: false });
    await expect.poll(label(page)).toBe("1");
    await page.mouse.up();
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(label(page)).toBe("–");
    await drawByMouse(page, zero);
    await expect.poll(label(page)).toBe("0");
  });

  test("a finger draws, and the page does not scroll under it", async () => {
    const page = await open({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 700 } });
    await drawByFinger(page, one);
    await expect.poll(label(page)).toBe("1");
    expect(await page.evaluate("scrollY")).toBe(0);
  });

  test("undo takes strokes back one by one, by button and by key; c clears", async () => {
    const page = await open();
    const empty = () => page.getByText("Draw a digit").isVisible();
    expect(await empty()).toBe(true);
    await drawByMouse(page, zero);
    await expect.poll(label(page)).toBe("0");
    await drawByMouse(page, [
      [0.1, 0.1],
      [0.9, 0.9],
    ]);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(label(page)).toBe("0");
    await page.keyboard.press("u");
    await expect.poll(label(page)).toBe("–");
    expect(await empty()).toBe(true);
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    await page.keyboard.press("Control+z");
    await expect.poll(label(page)).toBe("–");
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    await page.keyboard.press("c");
    await expect.poll(label(page)).toBe("–");
    expect(await page.getByRole("button", { name: "Clear" }).isDisabled()).toBe(true);
  });

  test("dark ink on white, as drawn, is sent when that is chosen", async () => {
    const page = await open();
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    await page.getByLabel("Light ink on black").uncheck();
    await page.getByLabel("Centre and scale").uncheck();
    await expect.poll(async () => (await readSeen(page))[0]).toBe(255);
  });
});

describe("by keyboard alone", () => {
  test("the pad is reached with Tab, the arrows move the pen, the space bar held down draws", async () => {
    const page = await open();
    for (let presses = 0; presses < 12; presses++) {
      await page.keyboard.press("Tab");
      if ((await page.evaluate("document.activeElement.id")) === "pad") break;
    }
    expect(await page.evaluate("document.activeElement.id")).toBe("pad");
    for (let step = 0; step < 9; step++) await page.keyboard.press("ArrowUp");
    expect(await page.getByText("Pen up", { exact: true }).count()).toBe(1);
    await page.keyboard.down(" ");
    for (let step = 0; step < 18; step++) await page.keyboard.press("ArrowDown");
    await page.keyboard.up(" ");
    await expect.poll(label(page)).toBe("1");
    expect(await page.getByText("Pen up", { exact: true }).count()).toBe(1);
  });

  test("Enter locks the pen down, for one hand", async () => {
    const page = await open();
    await page.locator("#pad").focus();
    for (let step = 0; step < 9; step++) await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    expect(await page.getByText("Pen down", { exact: true }).count()).toBe(1);
    for (let step = 0; step < 18; step++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(label(page)).toBe("1");
  });

  test("everything that can be used is reached, and shows where the focus is", async () => {
    const page = await open();
    await page.keyboard.press("Tab");
    const focused = `(() => {
      const at = document.activeElement;
      const shown = at.type === "radio" ? at.nextElementSibling : at;
      return { name: at === document.body ? "" : at.textContent || at.id || at.value, outline: getComputedStyle(shown).outlineStyle };
    })()`;
    const reached: { name: string; outline: string }[] = [];
    for (let presses = 0; presses < 40; presses++) {
      const here = await page.evaluate<{ name: string; outline: string }>(focused);
      if (here.name === "") break;
      reached.push(here);
      await page.keyboard.press("Tab");
    }
    expect(reached.filter(({ outline }) => outline === "none")).toEqual([]);
    const names = reached.map(({ name }) => name);
    expect(names[0]).toBe("Skip to the drawing area");
    expect(names).toEqual(
      expect.arrayContaining([
        "API",
        "auto",
        "pad",
        "Choose image…",
        "Drawing with the keyboard",
        "Labels",
        "Versions",
      ]),
    );
  });

  test("single keys can be switched off, and stay off", async () => {
    const page = await open();
    await page.getByText("Drawing with the keyboard").click();
    await page.getByLabel(/Single keys/).uncheck();
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    await page.keyboard.press("c");
    await page.reload();
    await page.locator(".facts").waitFor();
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    await page.keyboard.press("u");
    expect(await label(page)()).toBe("1");
  });
});

describe("files", () => {
  const file = digitFile(7, "0.jpg");

  async function ask(path: string): Promise<Prediction> {
    const body = new FormData();
    body.append("image", new Blob([await readFile(path)], { type: "image/jpeg" }), "0.jpg");
    const response = await fetch(`${server.url}/playground/predict`, { method: "POST", body });
    return (await response.json()) as Prediction;
  }

  test("a chosen image is sent as it is, so the page and curl agree", async () => {
    const page = await open();
    await page.locator('input[type="file"]').setInputFiles(file);
    const wanted = await ask(file);
    await expect.poll(label(page)).toBe(wanted.label);
    const share = wanted.probability >= 0.9995 ? "> 99.9 %" : `${(wanted.probability * 100).toFixed(1)} %`;
    expect(await page.locator(".probability").textContent()).toBe(share);
    expect(await page.locator(".curl code").textContent()).toBe(`curl -F file=@0.jpg ${server.url}/predict`);
    expect(await page.getByAltText("0.jpg").isVisible()).toBe(true);
  });

  test.each(["drop", "paste"] as const)("an image can come by %s; drawing goes on from a clean sheet", async (kind) => {
    const page = await open();
    await give(page, kind, await readFile(file), "0.jpg", "image/jpeg");
    await expect.poll(label(page)).toBe((await ask(file)).label);
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    expect(await page.getByAltText("0.jpg").count()).toBe(0);
  });

  test("an image of another size is fitted to the model's, and the page says so", async () => {
    const page = await open();
    await drawByMouse(page, seven);
    await expect.poll(label(page)).toBe("7");
    await page.emulateMedia({ colorScheme: "dark" });
    const shot = await page.locator("#pad").screenshot({ type: "png" });
    await page.getByRole("button", { name: "Clear" }).click();
    await give(page, "drop", shot, "shot.png", "image/png");
    await expect.poll(() => page.locator(".sending").textContent()).toMatch(/fitted from \d{3} × \d{3}/);
    await expect.poll(label(page)).not.toBe("–");
    expect(await notice(page).count()).toBe(0);
  });

  test.each([
    ["text in a JPEG's clothes", Buffer.from("hello, this is no image"), "seven.jpg", "image/jpeg"],
    ["an empty file", Buffer.alloc(0), "empty.png", "image/png"],
    ["a cut-off JPEG", undefined, "cut.jpg", "image/jpeg"],
    ["more than the server takes", Buffer.alloc(12 * 1024 * 1024, "x"), "huge.jpg", "image/jpeg"],
  ])("%s is refused in the server's own words, with what to do", async (_what, bytes, name, type) => {
    const page = await open();
    const content = bytes ?? (await readFile(file)).subarray(0, 250);
    const body = new FormData();
    body.append("image", new Blob([content], { type }), name);
    const refused = await fetch(`${server.url}/playground/predict`, { method: "POST", body });
    const problem = (await refused.json()) as { title: string; detail: string; mend: string; code: string };
    await page.locator('input[type="file"]').setInputFiles({ name, mimeType: type, buffer: content });
    await notice(page).waitFor();
    const said = (await notice(page).textContent())!;
    expect(said).toContain(problem.title);
    // The number of bytes depends on how each client frames its form.
    expect(said.replaceAll(/\d+/g, "#")).toContain(problem.detail.replaceAll(/\d+/g, "#"));
    expect(said).toContain(problem.mend);
    expect(said).toContain(`${refused.status} · ${problem.code}`);
    expect(await label(page)()).toBe("–");
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    expect(await notice(page).count()).toBe(0);
  });
});

describe("the model's card", () => {
  test("names the artifact, its data and its figures, and copies the whole digest", async () => {
    const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    const { digest, lineage, model } = site.artifact;
    const short = (name: string) => page.locator(`[data-digest="${name}"] code`).textContent();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("digits");
    expect(await short("artifact")).toBe(digest.slice(7, 19));
    expect(await short("data")).toBe(lineage.dataset.digest.slice(7, 19));
    expect(await short("model")).toBe(model.digest.slice(7, 19));
    expect(await page.locator(".metrics").textContent()).toContain(
      `${(lineage.metrics["accuracy"]! * 100).toFixed(1)} %`,
    );
    expect(await page.locator(".facts").textContent()).toContain("5,001 rows, 10 labels");
    await page.getByRole("button", { name: "Copy the artifact digest" }).click();
    await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(digest);
  });

  test("shows the training, epoch by epoch, to the arrow keys", async () => {
    const page = await open();
    const curves = page.getByRole("slider", { name: /Training/ });
    expect(await page.locator(".curve").count()).toBe(2);
    await curves.focus();
    await page.keyboard.press("Home");
    expect(await curves.getAttribute("aria-valuetext")).toMatch(/^Epoch 1: loss [\d.]+, accuracy [\d.]+ %$/);
    await page.keyboard.press("ArrowRight");
    expect(await curves.getAttribute("aria-valuenow")).toBe("2");
  });

  test("gives a line for the terminal that the server answers", async () => {
    const page = await open();
    const line = (await page.locator(".curl code").textContent())!;
    const [, field, address] = /^curl -F (\w+)=@image\.png (\S+)$/.exec(line)!;
    const body = new FormData();
    body.append(field!, new Blob([await readFile(digitFile(7, "0.jpg"))]), "image.png");
    const answer = (await (await fetch(address!, { method: "POST", body })).json()) as { prediction: number };
    expect(answer.prediction).toBeTypeOf("number");
  });
});

describe("when the server changes", () => {
  test("a server that goes away is missed, and the page goes on when it is back", async () => {
    const page = await open();
    await drawByMouse(page, one);
    await expect.poll(label(page)).toBe("1");
    const { port } = server;
    await server.close();
    await drawByMouse(page, [
      [0.5, 0.15],
      [0.5, 0.2],
    ]);
    await expect.poll(() => page.locator(".lamp").textContent()).toMatch("Server away");
    expect(await notice(page).textContent()).toMatch("The server does not answer");
    await page.getByRole("button", { name: "Clear" }).click();
    await drawByMouse(page, zero);
    server = await site.open({ port });
    await expect.poll(label(page)).toBe("0");
    await expect.poll(() => notice(page).count()).toBe(0);
    expect(await page.locator(".lamp").textContent()).toBe("Serving");
  });

  test("a hot-swapped model shows its own card with the next reading", async () => {
    const page = await open();
    const before = await site.store.get("digits:champion");
    const { name, signature, lineage } = before;
    const next = await site.store.put({
      name,
      signature,
      model: await site.store.readModel(before),
      lineage: { ...lineage, seed: 77 },
    });
    await site.store.setAlias(name, "champion", next.digest);
    await server.refresh();
    await drawByMouse(page, seven);
    await expect.poll(label(page)).toBe("7");
    await expect.poll(() => page.locator('[data-digest="artifact"] code').textContent()).toBe(next.digest.slice(7, 19));
    expect(await page.locator(".facts").textContent()).toContain("seed 77");
    await site.store.setAlias(name, "champion", before.digest);
    await server.refresh();
  });
});
