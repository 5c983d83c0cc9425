/** @file The console in a real Chromium, started as its user does, over a project that was really trained and then poisoned. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchChromium } from "../../chromium.ts";
import { openExample, type Example } from "../../example.ts";
import { encodePng } from "../../../src/pixels/encode-png.ts";
import { decodeImage } from "../../../src/pixels/decode.ts";
import { buildPage } from "./site.ts";
import { listBarriers, visit, type Visit } from "./visit.ts";

const main = fileURLToPath(new URL("../../../bin/slipway.js", import.meta.url));

let browser: Browser;
let shapes: Example;
let clean: Example;
let poisoned: Console;
let at: Visit;

interface Console {
  url: string;
  /** Ctrl-C; gives the exit code. */
  stop(): Promise<number | null>;
}

const started: ChildProcess[] = [];

/** `slipway console --port 0 --json` in a folder. */
async function openConsole(folder: string): Promise<Console> {
  const child: ChildProcess = spawn(process.execPath, [main, "console", "--port", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  const ended = once(child, "exit") as Promise<[number | null]>;
  let text = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.trimEnd().endsWith("}")) resolve((JSON.parse(text) as { url: string }).url);
    });
    child.once("exit", (code) => reject(new Error(`slipway console ended with ${code} before it told its address`)));
  });
  return {
    url,
    async stop() {
      child.kill("SIGINT");
      return (await ended)[0];
    },
  };
}

async function makeShapes(): Promise<Example> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "slipway-console-")));
  const example = openExample(home);
  await run(example, "init", home, "--template", "image", "--name", "shapes");
  const config = join(home, "slipway.config.ts");
  const text = readFileSync(config, "utf8").replace("epochs: 40", "epochs: 12").replace("atLeast: 0.9", "atLeast: 0.5");
  writeFileSync(config, text);
  return example;
}

/** Triangles that stand among the circles as well, a grey level darker: other content, the same picture. */
const copies = ["000.png", "001.png", "002.png"].map((name) => `copy-of-${name}`);

function copyAlmost(path: string): Uint8Array {
  const original = readFileSync(join(shapes.folder, "data/triangle", path.replace("copy-of-", "")));
  const pixels = decodeImage(original, { height: 28, width: 28, channels: 1, otherSizes: "refuse" });
  return encodePng(
    pixels.map((level) => Math.max(0, level - 1)),
    28,
    28,
  );
}

async function run(example: Example, ...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await example.run(...words);
  if (status !== 0) throw new Error(`slipway ${words.join(" ")} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

beforeAll(async () => {
  buildPage("console");
  [shapes, clean] = await Promise.all([makeShapes(), makeShapes()]);
  await run(shapes, "train");
  // The champion knows the shapes as they were; the lock is re-made on purpose.
  await run(shapes, "data", "poison", "--relabel", "circle:square", "--share", "80");
  for (const path of copies) writeFileSync(join(shapes.folder, "data/circle", path), copyAlmost(path));
  await run(shapes, "data", "lock");
  poisoned = await openConsole(shapes.folder);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  // Also those of tests that failed: a process that lives keeps the runner waiting.
  for (const child of started) child.kill("SIGKILL");
  await shapes?.[Symbol.asyncDispose]();
  await clean?.[Symbol.asyncDispose]();
});

afterEach(async () => {
  const { faults } = at;
  await at.close();
  if (faults.length > 0) throw new Error(`The page said: ${faults.join("; ")}`);
});

async function open(place = "", options?: BrowserContextOptions, url = poisoned.url): Promise<Page> {
  at = await visit(browser, `${url}${place}`, options);
  await at.page.locator("main section, main .blank").first().waitFor();
  return at.page;
}

/** Of the window, and of what the suspicions' cards hold. */
const overflow = (page: Page) =>
  page.evaluate<number>(`Math.max(
    document.documentElement.scrollWidth - innerWidth,
    ...[...document.querySelectorAll(".suspect")].map((card) => card.scrollWidth - card.clientWidth),
  )`);
/** Pictures that came and have pixels. */
const seen = (page: Page) => () =>
  page.evaluate<number>(
    `[...document.querySelectorAll("img.picture")].filter((one) => one.naturalWidth === 28).length`,
  );

describe("a poisoned project", () => {
  test("is locked as it is; an audit from the page shows its progress, then the pictures of what it suspects", async () => {
    const page = await open();
    expect(await page.locator(".state").first().textContent()).toContain("As locked");
    expect(await page.locator(".label-table tbody tr").allTextContents()).toEqual([
      "circle23",
      "square180",
      "triangle100",
    ]);
    await page.getByRole("button", { name: "Audit the labels" }).click();
    await page.locator(".alarms").waitFor();
    expect(await page.locator(".alarms li").allTextContents()).toContain(
      "80 files that an earlier lock had as circle are square now",
    );
    expect(await page.locator(".audit").textContent()).toMatch(/judged by the champion [0-9a-f]{12}/);
    const group = page.getByRole("region", { name: /Relabelled files/ });
    expect(await group.getByRole("heading").textContent()).toBe("Relabelled files 80");
    await expect.poll(() => group.locator(".suspect").count()).toBe(60);
    await expect.poll(seen(page)).toBeGreaterThanOrEqual(9);
    const first = group.locator(".suspect").first();
    expect(await first.textContent()).toMatch(
      /^labelled square was circle, margin [+−][\d.]+, square\/[0-9a-f]{8}\.png$/,
    );
    await group.getByRole("button", { name: "Show 20 more of 20" }).click();
    await expect.poll(() => group.locator(".suspect").count()).toBe(80);
    await group.locator(".suspect").last().scrollIntoViewIfNeeded();
    await expect.poll(seen(page)).toBeGreaterThan(20);
    // A copy is shown beside what it is a copy of.
    const copied = page.getByRole("region", { name: /Copies/ }).locator(".suspect");
    await expect.poll(() => copied.count()).toBe(3);
    expect(await copied.first().locator("img.picture").count()).toBe(2);
    expect(await overflow(page)).toBe(0);
  });

  test("a suspicion opens by the keyboard, the arrows lead on, Escape leads back to it", async () => {
    const page = await open();
    const cards = page.locator(".suspect");
    await cards.first().focus();
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    const file = () => dialog.locator("code.path").first().textContent();
    expect(await file()).toBe(await cards.nth(0).locator(".suspect-path").textContent());
    expect(await dialog.locator(".look-label").allTextContents()).toEqual(["square", "circle"]);
    await page.keyboard.press("ArrowRight");
    await expect.poll(file).toBe(await cards.nth(1).locator(".suspect-path").textContent());
    expect(await dialog.locator(".plate-title").textContent()).toBe("2 of 80");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await dialog.locator(".plate-title").textContent()).toBe("1 of 80");
    await expect.poll(() => page.evaluate("document.querySelector('.look img')?.naturalWidth")).toBe(28);
    await page.keyboard.press("Escape");
    await expect.poll(() => dialog.count()).toBe(0);
    expect(await page.evaluate("document.activeElement.className")).toBe("suspect");
  });

  test("what the command finds is shown too", async () => {
    const { status } = await shapes.run("data", "audit");
    expect(status).toBe(4);
    const found = JSON.parse(readFileSync(join(shapes.folder, ".slipway/audit/last.json"), "utf8")) as { at: string };
    const page = await open();
    expect(await page.locator(".audit time").first().getAttribute("datetime")).toBe(found.at);
  });

  test("files that are moved meanwhile are named, and the audit is said to be of others", async () => {
    const page = await open();
    await run(shapes, "data", "poison", "--undo");
    for (const path of copies) rmSync(join(shapes.folder, "data/circle", path));
    await page.getByRole("button", { name: "Read again" }).click();
    await expect.poll(() => page.locator(".state").first().textContent()).toContain("Changed since it was locked");
    await page.getByText("83 images, one by one").click();
    await expect.poll(() => page.locator(".files tbody tr").count()).toBe(83);
    expect(await page.locator(".files tbody tr").first().textContent()).toMatch(/^relabelledsquare\/.*→ circle\//);
    expect(await page.locator(".audit").textContent()).toContain("The data have changed since");
    await page.reload();
    await page.locator(".picture-gone").first().waitFor();
  });

  test("models are listed with where they come from, and asked which labels they confuse", async () => {
    const page = await open("#/models");
    await expect.poll(() => page.locator(".alias").allTextContents()).toEqual(["champion"]);
    expect(await page.locator("main").textContent()).toContain("Nothing is served here");
    const [champion] = JSON.parse(await run(shapes, "models", "list", "--json")) as { digest: string }[];
    await page.locator(".rows th a").first().click();
    await page.locator(".metrics").waitFor();
    expect(page.url()).toBe(`${poisoned.url}#/models/${champion!.digest}`);
    expect(await page.locator('[data-digest="artifact"] code').getAttribute("title")).toBe(champion!.digest);
    // The poison was undone: the data are those of its training again.
    await page.getByRole("button", { name: "Ask the model" }).click();
    await page.locator(".confusion").waitFor();
    const cells = await page.locator(".confusion tbody td[data-right]").allTextContents();
    const rows = cells.reduce((all, text) => all + (text === "·" ? 0 : Number(text)), 0);
    expect({ cells: cells.length, rows }).toEqual({ cells: 9, rows: 60 });
  });

  test("what is served on this machine is named by its model and address", async () => {
    await run(shapes, "data", "lock");
    const { url } = await shapes.up("--port", "0", "--detach", "--force");
    const page = await open("#/models");
    await expect.poll(() => page.locator(".lamp").textContent()).toBe("Serving");
    expect(await page.locator(".facts").first().textContent()).toContain(url);
    expect(await page.locator(".alias-served").count()).toBe(1);
  });
});

describe.each(["light", "dark"] as const)("barriers in the %s theme", (colorScheme) => {
  test.each([
    ["a desk", { width: 1320, height: 900 }],
    ["a phone", { width: 320, height: 640 }],
  ])("none on %s, on any page, and nothing sticks out", async (_name, viewport) => {
    const page = await open("", { colorScheme, viewport });
    await page.locator(".suspect").first().waitFor();
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await listBarriers(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.locator(".suspect").first().click();
    expect(await listBarriers(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Models" }).click();
    await page.locator(".rows").first().waitFor();
    expect(await listBarriers(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.locator(".rows th a").last().click();
    await page.getByRole("button", { name: "Ask the model" }).click();
    await page.locator(".confusion").waitFor();
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect(await listBarriers(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
});

test("a chosen theme stays after a reload", async () => {
  const page = await open("", { colorScheme: "light" });
  const ground = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  const light = await ground();
  await page.getByRole("radio", { name: "Dark" }).check();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await ground()).toBe(dark);
});

test("the page asks its own server and nobody else", async () => {
  const page = await open();
  await page.getByRole("link", { name: "Models" }).click();
  await page.locator(".rows").first().waitFor();
  const asked = at.requests.filter((address) => !address.startsWith("data:"));
  expect(new Set(asked.map((address) => new URL(address).origin))).toEqual(new Set([new URL(poisoned.url).origin]));
});

test("an unlocked project that was never audited says so; a running audit can be stopped; Ctrl-C ends it all with 0", async () => {
  const console = await openConsole(clean.folder);
  const page = await open("", {}, console.url);
  expect(await page.locator(".state").textContent()).toContain("Not locked yet");
  await page.getByText("Settings").click();
  await page.getByLabel("Folds").fill("20");
  await page.getByLabel("Epochs").fill("1000");
  await page.getByRole("button", { name: "Audit the labels" }).click();
  await expect.poll(() => page.locator(".progress").textContent()).toMatch(/\d of /);
  await page.getByRole("button", { name: "Stop" }).click();
  await expect.poll(() => page.locator(".audit").textContent()).toContain("It was stopped");
  await page.getByRole("button", { name: "Audit the labels" }).click();
  await page.getByRole("progressbar").waitFor();
  expect(await console.stop()).toBe(0);
  await expect.poll(() => page.locator("main").textContent()).toContain("The console does not answer");
});

test("data that are no pictures have no audit, and the page says why", async () => {
  await using text = openExample(realpathSync(mkdtempSync(join(tmpdir(), "slipway-console-"))));
  await run(text, "init", text.folder, "--template", "text", "--name", "talk");
  const console = await openConsole(text.folder);
  const page = await open("", {}, console.url);
  expect(await page.locator(".audit").textContent()).toMatch(
    /The audit of labels looks at images.*, and this project has texts\./,
  );
  expect(await page.getByRole("button", { name: /Audit/ }).count()).toBe(0);
  expect(await page.locator(".label-table tbody tr").count()).toBe(4);
  expect(await console.stop()).toBe(0);
});
