/** @file What can be wrong with weights that were trained elsewhere. The room's catalogue hands these on. */
import { defineError, exitCodes } from "../../base/errors.ts";

export const weightsOfOtherClasses = defineError<{ seen: number; wanted: number }>("SLIPWAY_TRAIN_WEIGHTS_CLASSES", {
  message: ({ seen, wanted }) =>
    `the weights tell ${seen} classes apart, wanted ${wanted} (the background is one of them)`,
  mend: () =>
    "Correct `classes` of the network in slipway.config.ts, or use the weights that were trained on these classes.",
  exit: exitCodes.data,
});

export const weightsNotRunning = defineError<{ seen: string }>("SLIPWAY_TRAIN_WEIGHTS_NOT_RUNNING", {
  message: ({ seen }) => `the model made of these weights gives ${seen} for a grey image`,
  mend: () => "Use another file: its numbers are damaged, or of a training that diverged.",
  exit: exitCodes.data,
});

export const weightsNotUsed = defineError<{ name: string; trainer: string }>("SLIPWAY_TRAIN_WEIGHTS_NOT_USED", {
  message: ({ name, trainer }) => `--weights was given, but the trainer of ${name} is ${trainer}, wanted weights({…})`,
  mend: () => "Leave --weights out, or use weights({…}) as the project's trainer.",
  exit: exitCodes.usage,
});
