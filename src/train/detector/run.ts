/** @file `detector`: boxes in images as the loop's task. */
import type { BoxExamples } from "../../data/types.ts";
import type { AnchorSize } from "../../model/detector/anchors.ts";
import { exportDetector } from "../../model/detector/export.ts";
import { planNetwork } from "../../model/network.ts";
import { digestInputs } from "../sequential/inputs.ts";
import { trainByLoop } from "../sequential/loop.ts";
import type { DetectorTrainer, TrainContext, Trained } from "../types.ts";
import { chooseAnchors } from "./choose-anchors.ts";
import { measureDetector } from "./evaluate.ts";
import { toTargets } from "./targets.ts";

/** As the paper has it: so many places of the background for each one with a box. */
const negatives = 3;

/** Trains and gives the model, as `trainByLoop` does. */
export async function trainDetector(trainer: DetectorTrainer, context: TrainContext<BoxExamples>): Promise<Trained> {
  const { examples, split } = context;
  const { channels, height, width, labels, count } = examples;
  const { layers } = trainer;
  const anchors = trainer.anchors === "auto" ? chooseAnchors(listSizes(context)) : trainer.anchors;
  const input = { channels, height, width };
  const network = planNetwork({ layers, input, classes: labels.length, anchors });
  const targets = toTargets(network.head?.anchors ?? new Float32Array(), examples.boxes);
  const { kind: _, ...arrays } = targets;
  const settings = { ...trainer, anchors, engine: "graph" } as const;
  return trainByLoop({
    settings,
    context,
    count,
    images: examples,
    targets,
    network,
    loss: { kind: "multibox", negatives },
    anchors,
    inputs: digestInputs(trainer, examples, split, arrays),
    async judge(learned, threads) {
      const { model, signature } = exportDetector({ layers, anchors, input, labels, ...learned });
      const metrics = await measureDetector(model, signature, examples, split.validation, { threads });
      const score = metrics?.["meanAveragePrecision"];
      return {
        model,
        signature,
        metrics: metrics ?? {},
        record: score === undefined ? {} : { meanAveragePrecision: score },
      };
    },
  });
}

/** Of the boxes that are trained on, in pixels; of all, where the only ones are for validation. */
function listSizes({ examples, split }: TrainContext<BoxExamples>): AnchorSize[] {
  const { boxes, height, width } = examples;
  const trained = Array.from(split.train).flatMap((row) => boxes[row] ?? []);
  return (trained.length > 0 ? trained : boxes.flat()).map(({ corners: [left, top, right, bottom] }) => [
    (bottom - top) * height,
    (right - left) * width,
  ]);
}
