/** @file The 8,732 boxes that SSD300 starts from, as its authors laid them out. */

import { boxCount, imageSide, lastSize, sources } from "./plan.ts";

/**
 * Rows of [centre x, centre y, width, height] as shares of the image, cut to 0..1: place by place in rows, at each place the small
 * square, the large one, then each ratio lying and standing. COCO's boxes are smaller than VOC's.
 */
export function layOutPriors(data: "voc" | "coco"): Float32Array {
  const priors = new Float32Array(boxCount * 4);
  let at = 0;
  for (const [index, { side, step, size, ratios }] of sources.entries()) {
    const small = size[data] / imageSide;
    const next = (sources[index + 1]?.size[data] ?? lastSize) / imageSide;
    const shapes = [
      [small, small],
      [Math.sqrt(small * next), Math.sqrt(small * next)],
    ];
    for (const ratio of ratios) {
      const root = Math.sqrt(ratio);
      shapes.push([small * root, small / root], [small / root, small * root]);
    }
    for (let place = 0; place < side * side; place++) {
      const x = (((place % side) + 0.5) * step) / imageSide;
      const y = ((Math.floor(place / side) + 0.5) * step) / imageSide;
      for (const [width = 0, height = 0] of shapes)
        for (const value of [x, y, width, height]) priors[at++] = Math.min(Math.max(value, 0), 1);
    }
  }
  return priors;
}
