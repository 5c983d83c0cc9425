import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ignoreMissing, makeWhole, writeWhole } from "./files.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-whole-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("writes a file and its folder, and replaces one that is there", async () => {
  const folder = join(makeFolder(), "a", "b");
  await writeWhole(join(folder, "note"), "one");
  await writeWhole(join(folder, "note"), new TextEncoder().encode("two"));
  expect(readdirSync(folder)).toEqual(["note"]);
  expect(readFileSync(join(folder, "note"), "utf8")).toBe("two");
});

test("what fails on the way leaves the old file, and no draft", async () => {
  const folder = makeFolder();
  const path = join(folder, "note");
  await writeWhole(path, "one");
  const failing = makeWhole(path, (draft) => {
    writeFileSync(draft, "tw");
    return Promise.reject(new Error("the disk is full"));
  });
  await expect(failing).rejects.toThrow("the disk is full");
  expect(readdirSync(folder)).toEqual(["note"]);
  expect(readFileSync(path, "utf8")).toBe("one");
});

test("many writers at once: one of them has the last word", async () => {
  const folder = makeFolder();
  const path = join(folder, "note");
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(50_000));
  await Promise.all(texts.map((text) => writeWhole(path, text)));
  expect(texts).toContain(readFileSync(path, "utf8"));
  expect(readdirSync(folder)).toEqual(["note"]);
});

test("what is missing is nothing; what cannot be read is a fault", async () => {
  const folder = makeFolder();
  expect(await readFile(join(folder, "note")).catch(ignoreMissing)).toBeUndefined();
  await expect(readFile(folder).catch(ignoreMissing)).rejects.toThrow("EISDIR");
});
