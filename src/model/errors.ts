import { defineError, exitCodes } from "../base/errors.ts";

export const layerArgument = defineError<{ layer: string; argument: string; seen: string; wanted: string }>(
  "SLIPWAY_MODEL_LAYER_ARGUMENT",
  {
    message: ({ layer, argument, seen, wanted }) => `${layer}(): ${argument} is ${seen}, wanted ${wanted}`,
    mend: ({ layer }) => `Correct the ${layer}() line among the layers in slipway.config.ts.`,
    exit: exitCodes.usage,
  },
);

export const networkShape = defineError<{ layer: string; input: readonly number[]; fault: string }>(
  "SLIPWAY_MODEL_NETWORK_SHAPE",
  {
    message: ({ layer, input, fault }) =>
      `layer ${layer} does not fit its input of ${input.join("×")} values a row: ${fault}`,
    mend: () =>
      "Change that layer or the ones before it in slipway.config.ts: a smaller kernel or pool, padding, or a flatten() in between.",
    exit: exitCodes.usage,
  },
);

export const networkOutput = defineError<{ seen: readonly number[]; classes: number }>("SLIPWAY_MODEL_NETWORK_OUTPUT", {
  message: ({ seen, classes }) =>
    `the last layer gives ${seen.join("×")} values a row, wanted ${classes}: one for each label of the dataset`,
  mend: ({ classes }) => `End the layers with dense(${classes}).`,
  exit: exitCodes.usage,
});

export const headImage = defineError<{ seen: readonly number[] }>("SLIPWAY_MODEL_HEAD_IMAGE", {
  message: ({ seen }) =>
    `the last layer of a detector gives ${seen.join("×")} values a row, wanted a feature map of channels × height × width`,
  mend: () =>
    "Leave out flatten() and dense(): a detector ends in convolutions and pools, and its head is added to them.",
  exit: exitCodes.usage,
});

export const parameterMismatch = defineError<{ what: string; seen: string; wanted: string }>(
  "SLIPWAY_MODEL_PARAMETER_MISMATCH",
  {
    message: ({ what, seen, wanted }) => `${what}: ${seen}, wanted ${wanted}`,
    mend: () => "Use parameters of the same layers; a checkpoint or a model of other layers does not fit.",
  },
);

export const networkTooLarge = defineError<{ megabytes: number }>("SLIPWAY_MODEL_NETWORK_TOO_LARGE", {
  message: ({ megabytes }) =>
    `training these layers needs ${megabytes} MB for parameters and gradients, more than the 4096 MB of one WASM memory`,
  mend: () =>
    "Make the layers smaller: the first dense layer usually has most of the parameters, and a pool before it divides them by four.",
  exit: exitCodes.usage,
});

const oneOwn =
  "Add a signature of your own to the file's metadata, under slipway.signature, or change how the model is exported.";

export const modelUnservable = defineError<{ what: string; fault: string }>("SLIPWAY_MODEL_UNSERVABLE", {
  message: ({ what, fault }) => `${what} cannot be served: ${fault}`,
  mend: ({ fault }) =>
    /sequence|map/.test(fault)
      ? "Export again so that probabilities are a plain tensor (for scikit-learn: the option zipmap=False)."
      : "Export the model again with a fixed element type and shape, the batch as its first axis, and all weights in one file.",
  exit: exitCodes.data,
});

export const signatureLabels = defineError<{ output: string; classes: number; labels: number }>(
  "SLIPWAY_MODEL_SIGNATURE_LABELS",
  {
    message: ({ output, classes, labels }) =>
      `output ${output} has ${classes} classes, but the dataset has ${labels} labels`,
    mend: () => "Train on the same labels, in the order of the dataset's, or correct the model's last layer.",
    exit: exitCodes.data,
  },
);

export const signatureMalformed = defineError<{ faults: readonly string[] }>("SLIPWAY_MODEL_SIGNATURE_MALFORMED", {
  message: ({ faults }) => `the model's slipway.signature cannot be read: ${faults.join("; ")}`,
  mend: () => oneOwn,
  exit: exitCodes.data,
});

export const signatureMismatch = defineError<{ tensor: string; stated: string; actual: string }>(
  "SLIPWAY_MODEL_SIGNATURE_MISMATCH",
  {
    message: ({ tensor, stated, actual }) =>
      `the model's slipway.signature says ${tensor} is ${stated}; in the file it is ${actual}`,
    mend: () => oneOwn,
    exit: exitCodes.data,
  },
);
export * from "./pytorch/errors.ts";
export * from "./ssd/errors.ts";
