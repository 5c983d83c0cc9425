import { defineError, exitCodes } from "../base/errors.ts";

export * from "./weights/errors.ts";

export const trainArgument = defineError<{ maker: string; argument: string; seen: string; wanted: string }>(
  "SLIPWAY_TRAIN_ARGUMENT",
  {
    message: ({ maker, argument, seen, wanted }) => `${maker}(): ${argument} is ${seen}, wanted ${wanted}`,
    mend: ({ maker }) => `Correct the ${maker}() line of the trainer in slipway.config.ts.`,
    exit: exitCodes.usage,
  },
);

export const trainerInvalid = defineError<{ maker: string; faults: readonly string[] }>("SLIPWAY_TRAIN_SETTINGS", {
  message: ({ maker, faults }) =>
    `${maker}({…}) has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
  mend: ({ maker }) => `Correct the settings of ${maker}({…}) in slipway.config.ts.`,
  exit: exitCodes.usage,
});

export const trainNoRows = defineError<{ rows: number }>("SLIPWAY_TRAIN_NO_ROWS", {
  message: ({ rows }) => `nothing to train on: all ${rows} rows of the dataset are kept for validation`,
  mend: () => "Add data, or lower `validation` of the trainer.",
  exit: exitCodes.data,
});

export const trainerOfOtherData = defineError<{ trainer: string; seen: string; wanted: string }>(
  "SLIPWAY_TRAIN_OTHER_DATA",
  {
    message: ({ trainer, seen, wanted }) =>
      `${trainer}() trains on ${dataWords[wanted]}, but the data are ${dataWords[seen]}`,
    mend: () =>
      "Choose a trainer for these data: sequential() or command() for images, detector() for images with boxes, naiveBayes() or logistic() for texts, forest() for columns of numbers.",
    exit: exitCodes.usage,
  },
);

/** By the kinds of examples. */
const dataWords: Readonly<Record<string, string>> = {
  images: "images",
  boxes: "images with boxes",
  text: "texts (`text` and `label`)",
  table: "columns of numbers (`columns` and `target`)",
};

export const trainNoWords = defineError<{ texts: number; minLength: number }>("SLIPWAY_TRAIN_NO_WORDS", {
  message: ({ texts, minLength }) =>
    `nothing to learn from: none of the ${texts} training texts has a word of ${minLength} characters that occurs often enough`,
  mend: () => "Lower `minLength` of the tokenizer or `minTexts`, or check that `text` names the column of the texts.",
  exit: exitCodes.data,
});

export const experimentsWithoutMetric = defineError<{ metric: string; measured: string }>(
  "SLIPWAY_TRAIN_EXPERIMENTS_METRIC",
  {
    message: ({ metric, measured }) =>
      `the experiments are judged by ${metric}, but a trainer measured only ${measured}`,
    mend: () => "Name one of the measured metrics as `metric` of experiments([…]).",
    exit: exitCodes.usage,
  },
);

export const trainDiverged = defineError<{ epoch: number; step: number; loss: string; cause: string; try: string }>(
  "SLIPWAY_TRAIN_DIVERGED",
  {
    message: ({ epoch, step, loss, cause }) =>
      `training diverged at step ${step} (epoch ${epoch}): the loss became ${loss}; likely cause: ${cause}`,
    mend: (params) => params.try,
  },
);

export const trainInterrupted = defineError<{ at: string; checkpoint: string | null }>("SLIPWAY_TRAIN_INTERRUPTED", {
  message: ({ at }) => `training was interrupted ${at}`,
  mend: ({ checkpoint }) =>
    checkpoint === null
      ? "Nothing was learned yet; run the same command again."
      : "Continue to the same result with `slipway train --resume`; a checkpoint is kept.",
  exit: exitCodes.interrupted,
});

export const trainWorkerFailed = defineError<{ worker: number; reason: string }>("SLIPWAY_TRAIN_WORKER_FAILED", {
  message: ({ worker, reason }) => `training worker ${worker} stopped: ${reason}`,
  mend: () =>
    "Set `workers: 1` or a smaller `batch` if memory is short; `slipway train --resume` continues after the last whole epoch.",
});

export const checkpointBroken = defineError<{ path: string; reason: string }>("SLIPWAY_TRAIN_CHECKPOINT_BROKEN", {
  message: ({ path, reason }) => `the checkpoint ${path} cannot be read: ${reason}`,
  mend: ({ path }) => `Delete ${path} and train from the start.`,
  exit: exitCodes.data,
});

export const checkpointNotWritten = defineError<{ path: string; reason: string }>(
  "SLIPWAY_TRAIN_CHECKPOINT_NOT_WRITTEN",
  {
    message: ({ path, reason }) => `the checkpoint ${path} cannot be written: ${reason}`,
    mend: () => "Make room on the disk, or make the folder writable; then run the same command again.",
  },
);

export const checkpointOfOtherInputs = defineError<{ path: string; seen: string; wanted: string }>(
  "SLIPWAY_TRAIN_CHECKPOINT_OTHER_INPUTS",
  {
    message: ({ path, seen, wanted }) =>
      `the checkpoint ${path} is of other inputs: ${seen}, wanted ${wanted}; data or settings of the trainer changed since`,
    mend: () => "Train from the start (without --resume), or restore the data and settings it was made with.",
    exit: exitCodes.data,
  },
);

export const commandNotStarted = defineError<{ command: string; root: string; reason: string }>(
  "SLIPWAY_TRAIN_COMMAND_NOT_STARTED",
  {
    message: ({ command, root, reason }) =>
      `the training command \`${command}\` could not be started in ${root}: ${reason}`,
    mend: () =>
      "Install the program, or correct `command` of the trainer; the first word is looked up in PATH; a file of the project is written as ./train.sh.",
    exit: exitCodes.usage,
  },
);

export const commandFailed = defineError<{ command: string; status: string; output: string; log: string }>(
  "SLIPWAY_TRAIN_COMMAND_FAILED",
  {
    message: ({ command, status, output }) =>
      `the training command \`${command}\` ended with ${status}${quoteOutput(output)}`,
    mend: ({ log }) => `Its whole output is in ${log}.`,
  },
);

export const commandWroteNoModel = defineError<{
  command: string;
  path: string;
  found: readonly string[];
  output: string;
  log: string;
}>("SLIPWAY_TRAIN_COMMAND_NO_MODEL", {
  message: ({ command, path, found, output }) =>
    `the training command \`${command}\` wrote no ${path}; it wrote ${found.length === 0 ? "nothing" : found.join(", ")}${quoteOutput(output)}`,
  mend: ({ log }) =>
    `Write the ONNX file to the folder that the variable SLIPWAY_OUTPUT names, as model.onnx. The output is in ${log}.`,
});

export const commandMetricsBroken = defineError<{ path: string; reason: string; output: string }>(
  "SLIPWAY_TRAIN_COMMAND_METRICS_BROKEN",
  {
    message: ({ path, reason, output }) =>
      `${path}, which the training command wrote, cannot be used: ${reason}${quoteOutput(output)}`,
    mend: () => 'Write one flat JSON object of finite numbers, such as {"accuracy": 0.98}, or no metrics.json at all.',
  },
);

export const commandMetricsDisagree = defineError<{ claimed: number; measured: number; rows: number; output: string }>(
  "SLIPWAY_TRAIN_COMMAND_METRICS_DISAGREE",
  {
    message: ({ claimed, measured, rows, output }) =>
      `metrics.json claims accuracy ${claimed}, but model.onnx reaches ${measured} on the ${rows} validation rows${quoteOutput(output)}`,
    mend: () =>
      "The model must take pixels 0..255 as they come and rows of SLIPWAY_SPLIT's `validation` must be what is measured; leave accuracy out of metrics.json if it is of other data.",
  },
);

export const modelNotServable = defineError<{ path: string; reason: string; wanted: string; output: string }>(
  "SLIPWAY_TRAIN_MODEL_NOT_SERVABLE",
  {
    message: ({ path, reason, wanted, output }) =>
      `${path} cannot be served: ${reason}; wanted ${wanted}${quoteOutput(output)}`,
    mend: () =>
      "Export the model with one input of pixels and one output of probabilities; scaling belongs inside the graph.",
  },
);

function quoteOutput(output: string): string {
  return output === "" ? "" : `. Its last lines:\n${output.replaceAll(/^/gm, "  | ")}`;
}
