import { readFileSync } from "node:fs";
import { basic, defineProject, image, parseLabels } from "slipway";
import { ssd300, weights } from "slipway/train";

// Names of the classes, a line such as `1,1,aeroplane` for each. Without a file: those that go with the weights.
const { COCO_LABELS_PATH = "" } = process.env;
const names = COCO_LABELS_PATH === "" ? [] : parseLabels(readFileSync(COCO_LABELS_PATH, "utf8"));

export default defineProject({
  name: "detector",
  train: weights({
    url: "https://s3.amazonaws.com/amdegroot-models/ssd300_mAP_77.43_v2.pth",
    size: 105_151_288,
    network: ssd300(),
  }),
  serve: {
    port: 5000,
    // SECRET_USERNAME and SECRET_PASSWORD, where they are set.
    auth: basic({ fallback: { username: "ugain", password: "ugain" } }),
    routes: {
      "POST /predict": {
        input: { image: image() },
        // Boxes as [left, top, right, bottom] in pixels of the picture as it was sent, the surest first.
        output: ({ labels, classes, scores, boxes, image: { width, height } }) => ({
          labels: classes.map((place, index) => names[place] ?? labels[index]),
          scores,
          boxes: boxes.map((box) => box.map((share, side) => Math.round(share * (side % 2 === 0 ? width : height)))),
        }),
      },
    },
  },
  deploy: {
    namespace: "detector",
    registry: "localhost:5001",
    expose: "loadBalancer",
    resources: { cpu: "1", memory: "1Gi" },
    // kubectl create secret generic detector-login --namespace detector --type kubernetes.io/basic-auth \
    //   --from-literal username=… --from-literal password=…
    env: {
      PORT: "8080",
      COCO_LABELS_PATH: "/etc/detector/labels.txt",
      SECRET_USERNAME: { secret: "detector-login", key: "username" },
      SECRET_PASSWORD: { secret: "detector-login", key: "password" },
    },
    files: { "/etc/detector/labels.txt": { from: "labels.txt" } },
    // What was trained already needs no Job.
    train: { on: "here" },
  },
});
