import { defineProject, image } from "slipway";
import { imageFolder } from "slipway/data";
import { adam, conv, crossEntropy, dense, dropout, flatten, maxPool, relu, sequential, shift } from "slipway/train";

export default defineProject({
  name: "{{name}}",
  // One folder for each label: data/circle/*.png, data/square/*.png, …
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: sequential({
    // prettier-ignore
    layers: [
      conv(16, 3), relu(), maxPool(2),
      conv(32, 3), relu(), maxPool(2),
      flatten(), dense(64), relu(), dropout(0.25), dense(3),
    ],
    loss: crossEntropy(),
    optimizer: adam({ rate: 0.003 }),
    augment: [shift(2)],
    batch: 16,
    epochs: 40,
    seed: 1,
  }),
  // What a model must reach before it is served.
  gate: { accuracy: { atLeast: 0.9, notWorseThanChampionBy: 0.02 } },
  serve: {
    port: 5000,
    routes: {
      "POST /predict": {
        input: { file: image() },
        output: ({ label, probability }) => ({ shape: label, probability }),
      },
    },
  },
});
