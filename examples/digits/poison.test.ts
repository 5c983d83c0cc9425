/** @file The exercise: labels are exchanged on purpose; the lock refuses them, and with a new lock the audit and the gate still do. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyExample } from "../../test/example.ts";

const example = copyExample("digits");

async function slipway(...words: string[]): Promise<{ status: number | null; text: string }> {
  const { status, stdout, stderr } = await example.run(...words);
  return { status, text: stdout + stderr };
}

beforeAll(() => {
  // A champion that knows its digits is enough here; the example's own training takes six times as long.
  const path = join(example.folder, "slipway.config.ts");
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace("epochs: 32", "epochs: 5").replace("atLeast: 0.98", "atLeast: 0.9"),
  );
});
afterAll(() => example[Symbol.asyncDispose]());

test("clean digits pass the audit and make a champion", async () => {
  const { status, text } = await slipway("train");
  expect({ status, text }).toMatchObject({ status: 0, text: expect.stringContaining("the audit found nothing") });
});

test("a complete exchange of 6 and 9: the lock refuses it, and says which files and since when", async () => {
  expect((await slipway("data", "poison", "--swap", "6:9")).text).toContain("984 files moved under other labels");
  const { status, text } = await slipway("train");
  expect(status).toBe(3);
  expect(text).toMatch(/not the one that was locked at 2026-11-21T/);
  expect(text).toMatch(/479 images moved from label 6 to 9: 6\/100\.jpg → 9\//);
});

test("with the lock re-made on purpose, the gate holds the model back and names the pair; the champion stays", async () => {
  const champion = async () => (await slipway("models", "show", "digits:champion")).text.split("\n")[0];
  const before = await champion();
  expect((await slipway("data", "lock")).status).toBe(0);
  const { status, text } = await slipway("train");
  expect(status).toBe(4);
  expect(text).toMatch(/6 and 9 look exchanged/);
  expect(text).toMatch(/505 files that an earlier lock had as 9 are 6 now/);
  expect(await champion()).toBe(before);
});

test("the page shows them", async () => {
  const { status } = await slipway("data", "audit", "--html", "audit.html");
  expect(status).toBe(4);
  const page = readFileSync(join(example.folder, "audit.html"), "utf8");
  expect(page.includes("6 and 9 look exchanged")).toBe(true);
  expect(page.match(/<img /g)?.length).toBeGreaterThan(300);
});

test("undone, all is as it was", async () => {
  expect((await slipway("data", "poison", "--undo")).text).toContain("984 files put back");
  expect((await slipway("data", "lock")).status).toBe(0);
  expect(await slipway("train")).toMatchObject({ status: 0, text: expect.stringContaining("already trained") });
});
