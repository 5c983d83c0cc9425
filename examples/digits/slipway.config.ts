import { defineProject, image } from "slipway";
import { imageFolder, labelAudit } from "slipway/data";
import {
  adam,
  batchNorm,
  conv,
  dense,
  dropout,
  flatten,
  maxPool,
  oneCycle,
  relu,
  rotate,
  scale,
  sequential,
  shift,
} from "slipway/train";

const edges = [conv(32, 3), relu(), maxPool(2)];
const strokes = [conv(32, 3), batchNorm(), relu(), conv(64, 3), batchNorm(), relu(), maxPool(2)];
const verdict = [flatten(), dropout(0.25), dense(128), relu(), dropout(0.5), dense(10)];

export default defineProject({
  name: "digits",
  data: imageFolder("data", { size: [28, 28], channels: 1 }),
  train: sequential({
    layers: [...edges, ...strokes, ...verdict],
    optimizer: adam({ rate: 0.003 }),
    schedule: oneCycle(),
    augment: [shift(2), rotate(10), scale(0.1)],
    epochs: 32,
  }),
  audit: labelAudit(),
  gate: { accuracy: { atLeast: 0.98, notWorseThanChampionBy: 0.005 } },
  serve: {
    port: 5000,
    routes: { "POST /predict": { input: { file: image() }, output: ({ label }) => ({ prediction: Number(label) }) } },
  },
  deploy: {
    replicas: 2,
    expose: "loadBalancer",
    resources: { cpu: "250m", memory: "200Mi" },
    train: { nodes: { training: "allowed" } },
  },
});
