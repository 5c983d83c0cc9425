/** @file The exercise: labels are exchanged on purpose; the lock refuses them, and with a new lock the audit and the gate still do. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const home = mkdtempSync(join(tmpdir(), "slipway-poison-"));
const main = fileURLToPath(new URL("../../bin/slipway.js", import.meta.url));

function slipway(...words: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: "utf8", cwd: home });
  return { status, text: stdout + stderr };
}

beforeAll(() => {
  const example = fileURLToPath(new URL(".", import.meta.url));
  cpSync(example, home, { recursive: true, filter: (path) => !path.includes(".slipway") });
  // A champion that knows its digits is enough here; the example's own training takes six times as long.
  const path = join(home, "slipway.config.ts");
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace("epochs: 32", "epochs: 5").replace("atLeast: 0.98", "atLeast: 0.9"),
  );
});
afterAll(() => rmSync(home, { recursive: true }));

test("clean digits pass the audit and make a champion", () => {
  const { status, text } = slipway("train");
  expect({ status, text }).toMatchObject({ status: 0, text: expect.stringContaining("the audit found nothing") });
});

test("a complete exchange of 6 and 9: the lock refuses it, and says which files and since when", () => {
  expect(slipway("data", "poison", "--swap", "6:9").text).toContain("984 files moved under other labels");
  const { status, text } = slipway("train");
  expect(status).toBe(3);
  expect(text).toMatch(/not the one that was locked at 2026-11-21T/);
  expect(text).toMatch(/479 images moved from label 6 to 9: 6\/100\.jpg → 9\//);
});

test("with the lock re-made on purpose, the gate holds the model back and names the pair; the champion stays", () => {
  const champion = () => slipway("models", "show", "digits:champion").text.split("\n")[0];
  const before = champion();
  expect(slipway("data", "lock").status).toBe(0);
  const { status, text } = slipway("train");
  expect(status).toBe(4);
  expect(text).toMatch(/6 and 9 look exchanged/);
  expect(text).toMatch(/505 files that an earlier lock had as 9 are 6 now/);
  expect(champion()).toBe(before);
});

test("the page shows them", () => {
  const { status } = slipway("data", "audit", "--html", "audit.html");
  expect(status).toBe(4);
  const page = readFileSync(join(home, "audit.html"), "utf8");
  expect(page.includes("6 and 9 look exchanged")).toBe(true);
  expect(page.match(/<img /g)?.length).toBeGreaterThan(300);
});

test("undone, all is as it was", () => {
  expect(slipway("data", "poison", "--undo").text).toContain("984 files put back");
  expect(slipway("data", "lock").status).toBe(0);
  expect(slipway("train")).toMatchObject({ status: 0, text: expect.stringContaining("already trained") });
});
