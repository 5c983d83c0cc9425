import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Transformer } from "@napi-rs/image";
import { imageFolder } from "../../../src/data/index.ts";
import { image } from "../../../src/index.ts";
import { adam, conv, dense, dropout, flatten, maxPool, relu, sequential, shift } from "../../../src/train/index.ts";
import type { Subject } from "./site.ts";

/** The real digits, with a network that learns them to about 96 % in a few seconds. */
export const digits: Subject = {
  project: {
    name: "digits",
    serve: {
      routes: {
        "POST /predict": { input: { file: image() }, output: ({ label }) => ({ prediction: Number(label) }) },
      },
    },
  },
  folder: fileURLToPath(new URL("../../../examples/digits", import.meta.url)),
  source: imageFolder("data", { size: [28, 28], channels: 1 }),
  trainer: sequential({
    layers: [
      conv(16, 3),
      relu(),
      conv(32, 3),
      relu(),
      maxPool(2),
      dropout(0.25),
      flatten(),
      dense(64),
      relu(),
      dense(10),
    ],
    augment: [shift(2)],
    epochs: 4,
  }),
};

/** Names that are words, one of them long and with a sign that HTML knows. */
export const paints = { "deep sea": [20, 60, 140], "red lead & tar": [170, 60, 40], sand: [220, 200, 150] } as const;

/** A model of colour images that are not square, made in `folder`: plates of three paints. */
export function makePaints(folder: string): Subject {
  for (const [label, colour] of Object.entries(paints)) {
    mkdirSync(join(folder, "data", label), { recursive: true });
    for (let at = 0; at < 24; at++)
      writeFileSync(join(folder, "data", label, `${at}.png`), paintPlate(colour, 24, 32, at));
  }
  return {
    project: { name: "paints" },
    folder,
    source: imageFolder("data", { size: [24, 32], channels: 3 }),
    trainer: sequential({
      layers: [conv(8, 3), relu(), maxPool(4), flatten(), dense(16), relu(), dense(3)],
      optimizer: adam({ rate: 0.005 }),
      batch: 8,
      epochs: 25,
    }),
  };
}

/** A PNG of one colour, a little lighter or darker by `shade`. */
export function paintPlate(colour: readonly number[], height: number, width: number, shade = 12): Buffer {
  const pixel = [...colour.map((value) => Math.min(255, Math.max(0, value + (shade - 12) * 2))), 255];
  const pixels = Buffer.from(Array.from({ length: height * width }, () => pixel).flat());
  return Transformer.fromRgbaPixels(pixels, width, height).pngSync();
}
