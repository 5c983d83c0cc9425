/** @file What can be wrong with a detector's weights and labels. The room's catalogue hands these on. */

import { defineError, exitCodes } from "../../base/errors.ts";

export const ssdWeights = defineError<{ tensor: string; seen: string; wanted: string }>("SLIPWAY_MODEL_SSD_WEIGHTS", {
  message: ({ tensor, seen, wanted }) =>
    `these are no weights of SSD300 on VGG16: ${tensor} is ${seen}, wanted ${wanted}`,
  mend: () =>
    "Use weights that have the names of the original PyTorch network (vgg.0.weight … conf.5.bias); `key` and `prefix` of weights({…}) say where they are in a checkpoint.",
  exit: exitCodes.data,
});

export const ssdLabels = defineError<{ classes: number; labels: number }>("SLIPWAY_MODEL_SSD_LABELS", {
  message: ({ classes, labels }) =>
    `the weights tell ${classes} classes apart, but there are ${labels} labels (the background among them)`,
  mend: () => "Give the labels that these weights were trained on, in the order of their classes.",
  exit: exitCodes.data,
});

export const ssdLabelLine = defineError<{ line: number; seen: string }>("SLIPWAY_MODEL_SSD_LABEL_LINE", {
  message: ({ line, seen }) =>
    `line ${line} of the labels is ${JSON.stringify(seen)}, wanted a line such as 1,1,person, each class once`,
  mend: () => "Correct that line: number of the category, class of the model, name.",
  exit: exitCodes.data,
});
