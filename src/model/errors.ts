import { defineError, exitCodes } from "../base/errors.ts";

export const layerArgument = defineError<{ layer: string; argument: string; seen: string; wanted: string }>(
  "SLIPWAY_MODEL_LAYER_ARGUMENT",
  {
    message: ({ layer, argument, seen, wanted }) => `${layer}(): ${argument} is ${seen}, wanted ${wanted}`,
    mend: ({ layer }) => `Correct the ${layer}() line among the layers in slipway.config.ts.`,
    exit: exitCodes.usage,
  },
);
