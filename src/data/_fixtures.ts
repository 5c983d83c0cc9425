/** @file Small datasets for tests, in folders of their own that go with the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { makePng } from "../pixels/_fixtures.ts";
import { imageFolder } from "./index.ts";
import type { ImageFolderSource } from "./types.ts";

/** 4 × 2 grey, every pixel `value`. */
export function makeImage(value: number): Uint8Array {
  const row = [value, value, value, value];
  return makePng({ width: 4, height: 2, depth: 8, colour: 0, rows: [row, row] });
}

/** A project folder with `data/<path>` for each file. */
export function makeProject(files: Readonly<Record<string, Uint8Array | string>>): {
  root: string;
  data: string;
  source: ImageFolderSource;
} {
  const root = mkdtempSync(join(tmpdir(), "slipway-data-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const data = join(root, "data");
  mkdirSync(data);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(data, path)), { recursive: true });
    writeFileSync(join(data, path), content);
  }
  return { root, data, source: imageFolder("data", { size: [2, 4], channels: 1 }) };
}

/** Six images under two labels, all different. */
export const six: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  ["cat/a.png", "cat/b.png", "cat/c.png", "dog/a.png", "dog/b.png", "dog/c.png"].map((path, i) => [
    path,
    makeImage(10 + i),
  ]),
);
