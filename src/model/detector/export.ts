/** @file The served file of a detector: pixels in, boxes out, weights inside. */
import { createTape } from "../../graph/autodiff.ts";
import { addInput, addOutput, createGraph } from "../../graph/build.ts";
import { addWeights, requirePicture, toPlanes } from "../export.ts";
import { addForward, lookUpIn } from "../forward.ts";
import type { NamedValues } from "../initial.ts";
import type { Layer } from "../layers.ts";
import { type NetworkInput, planNetwork } from "../network.ts";
import { type Served, writeServed } from "../served.ts";
import type { Signature } from "../signature.ts";
import { addDetections, countDetections } from "../ssd/detect.ts";
import { background } from "../ssd/labels.ts";
import type { AnchorSize } from "./anchors.ts";

export interface DetectorExport {
  layers: readonly Layer[];
  anchors: readonly AnchorSize[];
  input: NetworkInput;
  /** Without the background. */
  labels: readonly string[];
  parameters: readonly NamedValues[];
  /** As `Step.statistics`. Needed where there is a batch norm. */
  statistics?: Float32Array;
}

/**
 * An ONNX file that takes `image`, uint8 [batch, height, width, channels] of 0..255, and gives `detections`, float32 [batch, top, 6]:
 * [class, probability, left, top, right, bottom], best first, as SSD300's does. Class 0 is the background. The same parameters give the
 * same bytes.
 */
export function exportDetector(options: DetectorExport): Served {
  const { layers, anchors, input, labels } = options;
  const plan = planNetwork({ layers, input, classes: labels.length, anchors });
  const content = requirePicture(input);
  const graph = createGraph("detector");
  const tape = createTape(graph, { training: false });
  const weights = addWeights(graph, plan, options);
  const image = addInput(graph, "image", "uint8", ["batch", input.height, input.width, input.channels]);
  const forward = addForward(tape, plan, toPlanes(graph, image, input), { lookUp: lookUpIn(weights) });
  const priors = plan.head?.anchors ?? new Float32Array();
  addOutput(graph, "detections", addDetections(graph, forward.heads!, priors));
  const signature: Signature = {
    inputs: [{ name: "image", datatype: "UINT8", shape: [-1, input.height, input.width, input.channels], content }],
    outputs: [
      {
        name: "detections",
        datatype: "FP32",
        shape: [-1, countDetections(priors), 6],
        content: { kind: "boxes", labels: [background, ...labels] },
      },
    ],
  };
  return writeServed(graph, signature);
}
