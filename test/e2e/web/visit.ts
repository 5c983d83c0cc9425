/** @file A visitor: a page in Chromium that can reach nothing but its own server, and whose faults are noted. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export interface Visit {
  page: Page;
  /** Every address that the page asked for. */
  requests: string[];
  /** Uncaught errors, and what the console says but for statuses of failed requests. */
  faults: string[];
  close(): Promise<void>;
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1320, height: 900 }, ...options });
  const requests: string[] = [];
  const faults: string[] = [];
  await context.route("**/*", async (route) => {
    const { protocol, hostname } = new URL(route.request().url());
    const own = hostname === "127.0.0.1" || protocol === "data:" || protocol === "blob:";
    await (own ? route.continue() : route.abort());
  });
  const page = await context.newPage();
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const failedRequest = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !failedRequest) faults.push(message.text());
  });
  await page.goto(url);
  return { page, requests, faults, close: () => context.close() };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core has against the page by WCAG 2.2 AA, one line each. */
export async function listBarriers(page: Page): Promise<string[]> {
  // A colour that is still moving to another has the contrast of neither.
  await page.evaluate("Promise.allSettled(document.getAnimations().map(({ finished }) => finished))");
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: tool } = globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResult> } };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await tool.run({ runOnly: { type: "tag", values: tags } });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
  });
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string }[] }[];
}
