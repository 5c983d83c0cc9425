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

export const parameterMismatch = defineError<{ what: string; seen: string; wanted: string }>(
  "SLIPWAY_MODEL_PARAMETER_MISMATCH",
  {
    message: ({ what, seen, wanted }) => `${what}: ${seen}, wanted ${wanted}`,
    mend: () => "Use parameters of the same layers; a checkpoint or a model of other layers does not fit.",
  },
);
