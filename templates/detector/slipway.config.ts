import { defineProject, image } from "slipway";
import { coco } from "slipway/data";
import { adam, batchNorm, conv, detector, maxPool, relu } from "slipway/train";

export default defineProject({
  name: "{{name}}",
  // Images in data/images, and what is where in them in data/annotations.json, in COCO's format.
  data: coco("data", { images: "images", size: [96, 96] }),
  train: detector({
    // Boxes are looked for at each place of what the last layer gives: here every 8 pixels, 12 × 12 places.
    // prettier-ignore
    layers: [
      conv(16, 3, { stride: 2, padding: 1 }), batchNorm(), relu(),
      conv(32, 3, { padding: 1 }), batchNorm(), relu(), maxPool(2),
      conv(48, 3, { padding: 1 }), batchNorm(), relu(), maxPool(2),
      conv(64, 3, { padding: 1 }), batchNorm(), relu(),
    ],
    optimizer: adam({ rate: 0.005 }),
    batch: 16,
    epochs: 20,
    seed: 1,
  }),
  // What a model must reach before it is served.
  gate: { meanAveragePrecision: { atLeast: 0.9, notWorseThanChampionBy: 0.02 } },
  serve: {
    port: 5000,
    routes: {
      // What is surely there, best first; boxes are [left, top, right, bottom] as shares of the image's width and height.
      "POST /predict": {
        input: { image: image() },
        output: ({ labels, scores, boxes }) =>
          labels
            .map((label, index) => ({ label, score: scores[index], box: boxes[index] }))
            .filter(({ score }) => score >= 0.5),
      },
    },
  },
});
