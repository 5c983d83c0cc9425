import { defineProject, image } from "slipway";
import { imageFolder } from "slipway/data";
import { adadelta, conv, crossEntropy, dense, dropout, flatten, maxPool, relu, sequential, shift } from "slipway/train";

export default defineProject({
  name: "digits",
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: sequential({
    // prettier-ignore
    layers: [
      conv(32, 3), relu(), conv(64, 3), relu(), maxPool(2), dropout(0.25),
      flatten(), dense(128), relu(), dropout(0.5), dense(10),
    ],
    loss: crossEntropy(),
    optimizer: adadelta({ rate: 1 }),
    augment: [shift(2)],
    batch: 64,
    epochs: 12,
    seed: 1,
  }),
  gate: { accuracy: { atLeast: 0.98, notWorseThanChampionBy: 0.005 } },
  serve: {
    port: 5000,
    routes: {
      "POST /predict": { input: { file: image() }, output: ({ label }) => ({ prediction: Number(label) }) },
    },
  },
  deploy: {
    replicas: 2,
    expose: "loadBalancer",
    resources: { cpu: "250m", memory: "200Mi" },
    train: { nodes: { training: "allowed" } },
  },
});
