/** @file The same project on Fashion-MNIST's kind of files: two IDX files in the place of a folder, by one option. */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyExample, type UpDocument } from "../../test/example.ts";
import { writeIdx } from "../../src/data/idx/_fixtures.ts";
import { encodePng } from "../../src/pixels/encode-png.ts";

const side = 28;
const each = 80;
const example = copyExample("digits");
const garments = weave();
const classes = writeIdx({ shape: [10 * each], values: Uint8Array.from({ length: 10 * each }, (_, at) => at % 10) });
const files: Record<string, Buffer> = {
  "/train-images-idx3-ubyte.gz": gzipSync(writeIdx({ shape: [10 * each, side, side], values: garments })),
  "/train-labels-idx1-ubyte.gz": gzipSync(classes),
};
const asked: string[] = [];
let server: Server;
let first: UpDocument;
const config = readFileSync(join(example.folder, "slipway.config.ts"), "utf8");
const lock = readFileSync(join(example.folder, "slipway.lock.json"), "utf8");

beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    asked.push(url);
    response.end(files[url]);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const places = Object.keys(files).map((path) => at + path);
  first = await example.up("--data", places.join(","), "--port", "0", "--detach");
});
afterAll(async () => {
  server.close();
  await example[Symbol.asyncDispose]();
});

test("files at a URL become a verified endpoint", () => {
  expect(first.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(
    ["data", "train", "gate", "artifact", "serve", "verify"].map((step) => `${step} done`),
  );
  const { accuracy } = first.steps[1]!.facts["metrics"] as { accuracy: number };
  expect(first.steps.at(-1)!.facts).toMatchObject({ count: 160, correct: Math.round(accuracy * 160) });
  expect(asked.toSorted()).toEqual(Object.keys(files));
});

test("callers ask as they asked about digits", async () => {
  for (let label = 0; label < 10; label++) {
    const picture = encodePng(garments.subarray(label * side * side, (label + 1) * side * side), side, side);
    const form = new FormData();
    form.append("file", new Blob([Buffer.from(picture)]), "garment.png");
    const answer = await fetch(`${first.url}/predict`, { method: "POST", body: form });
    expect(await answer.json()).toEqual({ prediction: label });
  }
});

test("from disk, unpacked or not, they are the same data: nothing is trained again, and the project is as it was", async () => {
  writeFileSync(join(example.folder, "images.gz"), files["/train-images-idx3-ubyte.gz"]!);
  writeFileSync(join(example.folder, "labels"), classes);
  const again = await example.up("--data", "images.gz,labels", "--port", "0", "--exit");
  expect(again.digest).toBe(first.digest);
  expect(again.steps[1]).toMatchObject({ step: "train", outcome: "kept" });
  expect(readFileSync(join(example.folder, "slipway.config.ts"), "utf8")).toBe(config);
  expect(readFileSync(join(example.folder, "slipway.lock.json"), "utf8")).toBe(lock);
});

test("files that do not belong together are refused", async () => {
  writeFileSync(join(example.folder, "few"), writeIdx({ shape: [3], values: Uint8Array.of(0, 1, 2) }));
  const { status, stderr } = await example.run("up", "--data", "images.gz,few", "--exit");
  expect([status, stderr]).toEqual([3, expect.stringContaining("3 labels, wanted one for each of 800 images")]);
});

/** Ten cloths, row after row of the set: stripes of ten directions, each time with another phase, light and some noise. */
function weave(): Uint8Array {
  let state = 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const pixels = new Uint8Array(10 * each * side * side);
  for (let at = 0; at < 10 * each; at++) {
    const angle = ((at % 10) * Math.PI) / 10;
    const [phase, light] = [random() * 6.28, 80 + random() * 40];
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const wave = Math.sin((x * Math.cos(angle) + y * Math.sin(angle)) * 0.9 + phase);
        pixels[(at * side + y) * side + x] = 128 + light * wave + (random() - 0.5) * 14;
      }
  }
  return pixels;
}
