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
    // The page to draw on has a Service of its own, at http://<any node>:32042.
    expose: ["loadBalancer", { service: "nodePort", name: "digits-page", port: 80, nodePort: 32_042 }],
    resources: { cpu: "250m", memory: "200Mi" },
    // Models come from the registry, so that /refresh, for those who have the token, and the alias bring new ones without a restart.
    model: { delivery: "registry" },
    env: { SLIPWAY_CONTROL_TOKEN: { secret: "digits-control", key: "token", optional: true } },
    train: { nodes: { training: "allowed" }, volume: { size: "1Gi" } },
  },
});
