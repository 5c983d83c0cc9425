/** @file PyTorch's weights through the example's whole way: its callers get the boxes that PyTorch finds in the same picture. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { pngOf } from "../../../src/serve/_fixture.ts";
import { copyExample } from "../../example.ts";
import { readFloats, runPython } from "./run.ts";

const side = 300;
const example = copyExample("detector");
afterAll(() => example[Symbol.asyncDispose]());

test("slipway up --weights, asked over HTTP, tells what PyTorch tells", async () => {
  const { folder } = runPython("ssd300.py", { classes: 21, images: 1, seed: 4, formats: ["legacy"] });
  const config = join(example.folder, "slipway.config.ts");
  writeFileSync(config, readFileSync(config, "utf8").replace("size: 105_151_288,", ""));
  renameSync(join(folder, "legacy.pth"), join(example.folder, "legacy.pth"));
  const { url } = await example.up("--weights", "legacy.pth", "--port", "0", "--detach");

  const form = new FormData();
  form.append("image", new Blob([Buffer.from(toPng(readFileSync(join(folder, "images.u8"))))]), "picture.png");
  const authorization = `Basic ${Buffer.from("ugain:ugain").toString("base64")}`;
  const answer = await fetch(`${url}/predict`, { method: "POST", body: form, headers: { authorization } });
  const { labels, scores, boxes } = (await answer.json()) as { labels: string[]; scores: number[]; boxes: number[][] };

  const names = readFileSync(join(example.folder, "labels.txt"), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(",")[2]);
  const wanted = toRows(readFloats(join(folder, "detections.f32"))).filter(([, score = 0]) => score > 0);
  expect(wanted.length).toBeGreaterThan(10);
  expect(labels).toHaveLength(wanted.length);
  // The sure ones, that no other comes near enough to change places with.
  for (const [index, [kind = 0, score = 0, ...corners]] of wanted.slice(0, 5).entries()) {
    const pixels = corners.map((corner) => Math.min(1, Math.max(0, corner)) * side);
    expect([labels[index], scores[index], boxes[index]]).toEqual([
      names[kind - 1],
      expect.closeTo(score, 3),
      pixels.map((pixel) => expect.closeTo(pixel, -0.35) as number),
    ]);
  }
  rmSync(folder, { recursive: true });
});

/** RGB, row by row, each behind a filter byte of 0. */
function toPng(pixels: Uint8Array): Uint8Array {
  const rows = Buffer.alloc(side * (side * 3 + 1));
  for (let y = 0; y < side; y++) rows.set(pixels.subarray(y * side * 3, (y + 1) * side * 3), y * (side * 3 + 1) + 1);
  return pngOf(side, side, deflateSync(rows), { coloured: true });
}

function toRows(data: Float32Array): number[][] {
  return Array.from({ length: data.length / 6 }, (_, row) => Array.from(data.subarray(row * 6, row * 6 + 6)));
}
