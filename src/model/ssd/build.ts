/** @file SSD300 on VGG16 out of its PyTorch weights: pixels in, boxes out, one ONNX graph. */

import { addInput, addOutput, createGraph } from "../../graph/build.ts";
import type { StateDict } from "../pytorch/state-dict.ts";
import { writeServed } from "../served.ts";
import type { Signature, TensorSignature } from "../signature.ts";
import { addDetections, mostDetections } from "./detect.ts";
import { nameClasses } from "./labels.ts";
import { addNetwork } from "./network.ts";
import { boxCount, imageSide } from "./plan.ts";
import { layOutPriors } from "./priors.ts";
import { readWeights } from "./weights.ts";

export interface Ssd300Options {
  /** Names of the classes in the order of the weights, with or without `background` first. Default: VOC's or COCO's, by their number. */
  labels?: readonly string[];
  /** Which boxes the weights were trained on. Default: `"coco"` for 81 and 201 classes, `"voc"` for others. */
  priors?: "voc" | "coco";
  /**
   * Images in a run. Default 1: the convolutions fill every core with one image alone, so more of them at once would only wait for each
   * other, in memory of 100 MB each.
   */
  batch?: 1 | "any";
  /** Gives the network's raw numbers too, as `loc` and `conf`: for comparing with other runtimes. */
  heads?: boolean;
}

export interface Ssd300 {
  /** Bytes of the ONNX file. */
  model: Uint8Array;
  signature: Signature;
  classes: number;
  /** Numbers that were learned. */
  parameters: number;
}

/**
 * Builds the detector. It takes `image`, uint8 [1, 300, 300, 3] (or [-1, …], see `batch`): red, green, blue, 0..255, the picture resized to 300×300 without
 * keeping its proportions (no bars are added: corners are shares of width and height, so they hold for the picture as it was). The
 * means are subtracted inside.
 *
 * It gives `detections`, float32 [1, 200, 6]: [class, probability, left, top, right, bottom], best first, rows of zeros at the end.
 * Class 0 is the background: it is `labels[0]` of the signature's `boxes`, and no row of probability over 0 is of it. Corners may lie
 * a little outside 0..1, as in the original.
 */
export async function buildSsd300(weights: StateDict, options: Ssd300Options = {}): Promise<Ssd300> {
  const { classes, weightOf, parameters } = await readWeights(weights);
  const labels = nameClasses(classes, options.labels);
  const graph = createGraph("ssd300");
  const { batch = 1 } = options;
  const rows = batch === 1 ? 1 : -1;
  const image = addInput(graph, "image", "uint8", [batch === 1 ? 1 : "batch", imageSide, imageSide, 3]);
  const heads = addNetwork(graph, image, classes, weightOf);
  const priors = layOutPriors(options.priors ?? (classes === 81 || classes === 201 ? "coco" : "voc"));
  addOutput(graph, "detections", addDetections(graph, heads, priors));
  const raw = options.heads === true ? (["loc", "conf"] as const) : [];
  for (const name of raw) addOutput(graph, name, heads[name]);
  const signature: Signature = {
    inputs: [
      {
        name: "image",
        datatype: "UINT8",
        shape: [rows, imageSide, imageSide, 3],
        content: { kind: "image", height: imageSide, width: imageSide, channels: 3 },
      },
    ],
    outputs: [
      { name: "detections", datatype: "FP32", shape: [rows, mostDetections, 6], content: { kind: "boxes", labels } },
      ...raw.map((name): TensorSignature => ({
        name,
        datatype: "FP32",
        shape: [rows, boxCount, name === "loc" ? 4 : classes],
      })),
    ],
  };
  return { ...writeServed(graph, signature), classes, parameters };
}
