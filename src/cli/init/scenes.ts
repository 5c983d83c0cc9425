/** @file A small dataset of boxes that is drawn, not shipped: pictures with some circles, squares and triangles each, and COCO's annotations. */
import { encodePng } from "../../pixels/encode-png.ts";
import { createRandom } from "./random.ts";
import { type DrawnFile, shapes } from "./shapes.ts";

const side = 96;
const labels = Object.keys(shapes);

export interface Scene {
  /** Red, green and blue of `sceneSide` × `sceneSide` pixels. */
  pixels: Uint8Array;
  objects: { label: string; box: [x: number, y: number, width: number, height: number] }[];
}

export const sceneSide = side;

/** `count` pictures and their `annotations.json`; the same seed draws the same pixels. */
export function drawScenes(count: number, seed: number): DrawnFile[] {
  const random = createRandom(seed);
  const scenes = Array.from({ length: count }, () => drawScene(random));
  const name = (index: number): string => `${String(index).padStart(4, "0")}.png`;
  return [
    ...scenes.map(({ pixels }, index) => ({ path: `images/${name(index)}`, content: encodePng(pixels, side, side) })),
    { path: "annotations.json", content: Buffer.from(writeAnnotations(scenes, name)) },
  ];
}

/** One to four shapes of any colour, size, place and tilt, which do not touch, on a plain or a noisy ground. */
export function drawScene(random: () => number): Scene {
  const ground = drawColour(random);
  const noise = random() < 0.5 ? 0 : 10 + random() * 30;
  const pixels = new Uint8Array(side * side * 3);
  for (let at = 0; at < pixels.length; at += 3) paint(pixels, at, ground, 1, (random() - 0.5) * noise);
  const wanted = 1 + Math.floor(random() * 4);
  const objects: Scene["objects"] = [];
  for (let tries = 0; tries < 50 && objects.length < wanted; tries++) {
    const radius = 9 + random() * 11;
    const centre = [0, 1].map(() => radius * 1.1 + random() * (side - 2.2 * radius)) as [number, number];
    const [label = "", colour, tilt] = [labels[Math.floor(random() * labels.length)], drawColour(random), random()];
    const covers = coverShape(label, { centre, radius, tilt: (tilt - 0.5) * 0.8 });
    const box = boxOf(covers);
    if (distance(colour, ground) < 100 || objects.some((other) => touches(other.box, box))) continue;
    for (const { place, cover } of covers) paint(pixels, place * 3, colour, cover, (random() - 0.5) * noise);
    objects.push({ label, box });
  }
  return { pixels, objects };
}

/** Pixels that the shape covers, each with how much of it, 0 to 1: one pixel of soft edge, as a camera sees it. */
function coverShape(
  label: string,
  { centre: [x, y], radius, tilt }: { centre: [number, number]; radius: number; tilt: number },
): { place: number; cover: number }[] {
  const edge = shapes[label] ?? (() => 1);
  const [sin, cos] = [Math.sin(tilt), Math.cos(tilt)];
  const reach = Math.ceil(radius * 1.5);
  const range = (at: number): number[] =>
    Array.from({ length: 2 * reach + 1 }, (_, index) => Math.floor(at) - reach + index).filter(
      (place) => place >= 0 && place < side,
    );
  return range(y).flatMap((row) =>
    range(x).flatMap((column) => {
      const [dx, dy] = [(column + 0.5 - x) / radius, (row + 0.5 - y) / radius];
      const cover = Math.min(1, Math.max(0, 0.5 - edge(dx * cos + dy * sin, dy * cos - dx * sin) * radius));
      return cover > 0 ? [{ place: row * side + column, cover }] : [];
    }),
  );
}

/** Around all pixels that are covered by half or more. */
function boxOf(covers: readonly { place: number; cover: number }[]): [number, number, number, number] {
  const inside = covers.filter(({ cover }) => cover >= 0.5);
  const [xs, ys] = [inside.map(({ place }) => place % side), inside.map(({ place }) => Math.floor(place / side))];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return [left, top, Math.max(...xs) + 1 - left, Math.max(...ys) + 1 - top];
}

function touches([x, y, width, height]: number[], [x2, y2, width2, height2]: number[]): boolean {
  return x! < x2! + width2! && x2! < x! + width! && y! < y2! + height2! && y2! < y! + height!;
}

type Colour = readonly [number, number, number];

function drawColour(random: () => number): Colour {
  return [random() * 255, random() * 255, random() * 255];
}

function distance(a: Colour, b: Colour): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function paint(pixels: Uint8Array, at: number, colour: Colour, cover: number, noise: number): void {
  for (let k = 0; k < 3; k++) {
    const before = pixels[at + k]!;
    pixels[at + k] = Math.min(255, Math.max(0, before + (colour[k]! + noise - before) * cover));
  }
}

/** As labelling tools export them. */
function writeAnnotations(scenes: readonly Scene[], name: (index: number) => string): string {
  const annotations = scenes.flatMap(({ objects }, image) =>
    objects.map(({ label, box }) => ({
      image_id: image + 1,
      category_id: labels.indexOf(label) + 1,
      bbox: box,
      area: box[2] * box[3],
      iscrowd: 0,
    })),
  );
  const lines = (values: readonly object[]): string => values.map((value) => `  ${JSON.stringify(value)}`).join(",\n");
  return `{
 "images": [
${lines(scenes.map((_, index) => ({ id: index + 1, file_name: name(index), width: side, height: side })))}
 ],
 "categories": [
${lines(labels.map((label, index) => ({ id: index + 1, name: label })))}
 ],
 "annotations": [
${lines(annotations.map((annotation, index) => ({ id: index + 1, ...annotation })))}
 ]
}
`;
}
