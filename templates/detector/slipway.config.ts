import { defineProject, image } from "slipway";
import { ssd300, weights } from "slipway/train";

export default defineProject({
  name: "{{name}}",
  train: weights({
    // Weights of SSD300 on VGG16 as PyTorch saves them (`torch.save(net.state_dict(), path)`): put them beside this file,
    // or name where they are: url: "https://example.org/ssd300_mAP_77.43_v2.pth". Nothing in the file is executed.
    file: "ssd300.pth",
    // Held against the file at every run, if you know them. Otherwise the lock holds what was seen first.
    // sha256: "…", size: 105151288,
    // Labels follow from the weights: 21 classes are Pascal VOC's, 201 and 81 are COCO's. For your own: ssd300({ labels: ["cat", "dog"] }).
    network: ssd300(),
  }),
  serve: {
    port: 5000,
    routes: {
      // Labels, scores and boxes, best first; boxes are [left, top, right, bottom] as shares of the image's width and height.
      "POST /predict": {
        input: { image: image() },
        output: ({ labels, scores, boxes }) => {
          const sure = scores.filter((score) => score >= 0.5).length;
          return { labels: labels.slice(0, sure), scores: scores.slice(0, sure), boxes: boxes.slice(0, sure) };
        },
      },
    },
  },
});
