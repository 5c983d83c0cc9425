/** @file The decoding graph against the same thing written as loops, on numbers that meet its edges. */

import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expect, test } from "vitest";
import { addInput, addOutput, createGraph, toModel } from "../../graph/build.ts";
import { createSession, type Session } from "../../graph/run.ts";
import { writeModel } from "../../onnx/write.ts";
import { addDetections } from "./detect.ts";
import { boxCount } from "./plan.ts";
import { layOutPriors } from "./priors.ts";

const classes = 4;
const priors = layOutPriors("voc");

async function open(): Promise<Session> {
  const graph = createGraph("detect");
  const loc = addInput(graph, "loc", "float32", ["batch", boxCount, 4]);
  const conf = addInput(graph, "conf", "float32", ["batch", boxCount, classes]);
  addOutput(graph, "detections", addDetections(graph, { loc, conf }, priors));
  return await createSession(writeModel(toModel(graph)), { name: "detect" });
}

interface Numbers {
  loc: Float32Array;
  conf: Float32Array;
}

async function detect(session: Session, images: readonly Numbers[]): Promise<number[][][]> {
  const join = (parts: Float32Array[], width: number) => {
    const data = new Float32Array(parts.length * boxCount * width);
    for (const [i, part] of parts.entries()) data.set(part, i * boxCount * width);
    return { type: "float32", shape: [parts.length, boxCount, width], data } as const;
  };
  const { detections } = await session.run({
    loc: join(
      images.map(({ loc }) => loc),
      4,
    ),
    conf: join(
      images.map(({ conf }) => conf),
      classes,
    ),
  });
  expect(detections?.shape).toEqual([images.length, 200, 6]);
  const data = detections?.data as Float32Array;
  return images.map((_, image) =>
    Array.from({ length: 200 }, (__, row) =>
      Array.from(data.subarray((image * 200 + row) * 6, (image * 200 + row + 1) * 6)),
    ),
  );
}

/** What the original does, one box after another. */
function reference({ loc, conf }: Numbers): number[][] {
  const boxes = Array.from({ length: boxCount }, (_, i) => {
    const [x = 0, y = 0, width = 0, height = 0] = priors.subarray(i * 4, i * 4 + 4);
    const [dx = 0, dy = 0, dw = 0, dh = 0] = loc.subarray(i * 4, i * 4 + 4);
    const [cx, cy, w, h] = [
      x + dx * 0.1 * width,
      y + dy * 0.1 * height,
      width * Math.exp(dw * 0.2),
      height * Math.exp(dh * 0.2),
    ];
    return [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2] as const;
  });
  const probabilities = Array.from({ length: boxCount }, (_, i) => {
    const powers = Array.from(conf.subarray(i * classes, (i + 1) * classes), Math.exp);
    const sum = powers.reduce((all, power) => all + power, 0);
    return powers.map((power) => power / sum);
  });
  const found: number[][] = [];
  for (let label = 1; label < classes; label++) {
    const candidates = boxes
      .map((box, i) => ({ box, score: probabilities[i]?.[label] ?? 0 }))
      .filter(({ score }) => score > 0.01)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, 200);
    const kept: typeof candidates = [];
    for (const candidate of candidates)
      if (kept.every(({ box }) => share(box, candidate.box) <= 0.45)) kept.push(candidate);
    found.push(...kept.map(({ box, score }) => [label, score, ...box]));
  }
  const best = found.toSorted((a, b) => (b[1] ?? 0) - (a[1] ?? 0)).slice(0, 200);
  return [...best, ...Array.from({ length: 200 - best.length }, () => [0, 0, 0, 0, 0, 0])];
}

type Box = readonly [number, number, number, number];

function share(a: Box, b: Box): number {
  const area = ([left, top, right, bottom]: Box): number => (right - left) * (bottom - top);
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Numbers of about a bell; `background` is added to the first class of every box. */
function draw(seed: number, background: number): Numbers {
  const random = xoroshiro128plus(seed);
  const next = (): number =>
    Array.from({ length: 6 }, () => (random.next() >>> 0) / 2 ** 32).reduce((all, value) => all + value, -3) * 1.4;
  return {
    loc: Float32Array.from({ length: boxCount * 4 }, next),
    conf: Float32Array.from(
      { length: boxCount * classes },
      (_, i) => next() * 2 + (i % classes === 0 ? background : 0),
    ),
  };
}

test.each([
  ["more boxes than are reported", 0],
  ["some hundreds of boxes over the threshold", 9],
  ["a few", 13],
  ["none", 40],
])("reports the boxes of the original: %s", async (_what, background) => {
  const session = await open();
  const image = draw(7, background);
  const [rows = []] = await detect(session, [image]);
  await session.release();
  const wanted = reference(image);
  for (const [row, values] of wanted.entries())
    for (const [i, value] of values.entries())
      expect(Math.abs((rows[row]?.[i] ?? Number.NaN) - value)).toBeLessThan(1e-4);
});

test("images of a batch do not mix", async () => {
  const session = await open();
  const images = [draw(1, 9), draw(2, 40), draw(3, 9)];
  const together = await detect(session, images);
  const alone = await Promise.all(images.map(async (image) => (await detect(session, [image]))[0]));
  await session.release();
  expect(together).toEqual(alone);
});

test("the boxes start from the places that the authors chose", () => {
  expect(boxCount).toBe(8732);
  expect(priors).toHaveLength(boxCount * 4);
  const row = (index: number): number[] =>
    Array.from(priors.subarray(index * 4, index * 4 + 4), (value) => Math.round(value * 1e6) / 1e6);
  // The first place: squares of 30 and √(30·60) pixels, then 2:1 and 1:2.
  expect([0, 1, 2, 3].map(row)).toEqual([
    [0.013333, 0.013333, 0.1, 0.1],
    [0.013333, 0.013333, 0.141421, 0.141421],
    [0.013333, 0.013333, 0.141421, 0.070711],
    [0.013333, 0.013333, 0.070711, 0.141421],
  ]);
  // The second place is one to the right.
  expect(row(4).slice(0, 2)).toEqual([0.04, 0.013333]);
  // The last: one place, and a box that would be larger than the image is cut.
  expect(row(8728)).toEqual([0.5, 0.5, 0.88, 0.88]);
  expect(row(8730)).toEqual([0.5, 0.5, 1, 0.622254]);
  expect(Math.round((layOutPriors("coco")[2] ?? 0) * 300)).toBe(21);
});
