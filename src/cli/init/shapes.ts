/** @file A small dataset that is drawn, not shipped: circles, squares and triangles of any size, place and tilt, with noise. */
import { encodePng } from "../../pixels/encode-png.ts";
import { createRandom } from "./random.ts";

const size = 28;

export interface DrawnFile {
  /** `circle/000.png` */
  path: string;
  content: Uint8Array;
}

/** Signed distance to the edge, in units of the shape's radius: below 0 is inside. */
export const shapes: Readonly<Record<string, (x: number, y: number) => number>> = {
  circle: (x, y) => Math.hypot(x, y) - 1,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.85,
  triangle: (x, y) => Math.max(y * 0.9, Math.abs(x) * 1.1 - y * 0.6 - 0.2) - 0.55,
};

/** `each` images of each shape; the same seed draws the same pixels. */
export function drawShapes(each: number, seed: number): DrawnFile[] {
  const random = createRandom(seed);
  return Object.entries(shapes).flatMap(([label, edge]) =>
    Array.from({ length: each }, (_, index) => ({
      path: `${label}/${String(index).padStart(3, "0")}.png`,
      content: encodePng(drawShape(edge, random), size, size),
    })),
  );
}

function drawShape(edge: (x: number, y: number) => number, random: () => number): Uint8Array {
  const radius = 8 + random() * 4;
  const [centreX, centreY] = [radius + random() * (size - 2 * radius), radius + random() * (size - 2 * radius)];
  const tilt = (random() - 0.5) * 0.4;
  const [sin, cos] = [Math.sin(tilt), Math.cos(tilt)];
  const [ink, paper, noise] = [150 + random() * 105, random() * 50, 5 + random() * 15];
  const pixels = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [dx, dy] = [(x + 0.5 - centreX) / radius, (y + 0.5 - centreY) / radius];
      const distance = edge(dx * cos + dy * sin, dy * cos - dx * sin) * radius;
      // One pixel of soft edge, as a camera sees it.
      const cover = Math.min(1, Math.max(0, 0.5 - distance));
      pixels[y * size + x] = Math.min(255, Math.max(0, paper + (ink - paper) * cover + (random() - 0.5) * noise));
    }
  }
  return pixels;
}
