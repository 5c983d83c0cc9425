/** @file `sequential`: a classifier of images as the loop's task. */
import { exportModel } from "../../model/export.ts";
import { planNetwork } from "../../model/network.ts";
import { evaluate, toMetrics } from "../evaluate.ts";
import type { SequentialTrainer, TrainContext, Trained } from "../types.ts";
import { digestInputs } from "./inputs.ts";
import { trainByLoop } from "./loop.ts";

/**
 * Trains and gives the model. The same trainer, data, seed and number of workers give the same bytes on one machine, whether or
 * not the run was interrupted in between.
 */
export async function trainSequential(trainer: SequentialTrainer, context: TrainContext): Promise<Trained> {
  const { examples, split } = context;
  const { channels, height, width, labels, targets, count } = examples;
  const { layers, loss } = trainer;
  const input = { channels, height, width };
  return trainByLoop({
    settings: trainer,
    context,
    count,
    images: examples,
    targets: { kind: "classes", classes: targets },
    network: planNetwork({ layers, input, classes: labels.length }),
    loss,
    inputs: digestInputs(trainer, examples, split, { targets }),
    async judge(learned, threads) {
      const { model, signature } = exportModel({ layers, loss, input, labels, ...learned });
      const evaluation = await evaluate(model, signature, examples, split.validation, { threads });
      if (evaluation === undefined) return { model, signature, metrics: {}, record: {} };
      const { accuracy, loss: validationLoss, confusion } = evaluation;
      return { model, signature, metrics: toMetrics(evaluation), confusion, record: { accuracy, validationLoss } };
    },
  });
}
