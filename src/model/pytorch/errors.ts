/** @file What can be wrong with a PyTorch file. The room's catalogue hands these on. */

import { defineError, exitCodes } from "../../base/errors.ts";

export const pytorchFormat = defineError<{ file: string; seen: string }>("SLIPWAY_MODEL_PYTORCH_FORMAT", {
  message: ({ file, seen }) =>
    `${file} is no file of weights: it is ${seen}, wanted what torch.save(model.state_dict()) writes`,
  mend: () =>
    "Check where the file came from: a download may be a web page or a pointer. An old file is brought up to date by loading it in PyTorch and saving it again.",
  exit: exitCodes.data,
});

export const pytorchBroken = defineError<{ file: string; part: string; fault: string }>(
  "SLIPWAY_MODEL_PYTORCH_BROKEN",
  {
    message: ({ file, part, fault }) => `${file} is damaged: ${part} ${fault}`,
    mend: () => "Fetch or copy the file again and compare its size and digest with the original's.",
    exit: exitCodes.data,
  },
);

export const pytorchGlobal = defineError<{ file: string; name: string }>("SLIPWAY_MODEL_PYTORCH_GLOBAL", {
  message: ({ file, name }) =>
    `${file} asks for the Python object ${name}; weights need none but tensors, and nothing else is loaded`,
  mend: () =>
    "If you trust the file, load it in Python and save the weights alone: torch.save(model.state_dict(), path).",
  exit: exitCodes.data,
});

export const pytorchOpcode = defineError<{ file: string; opcode: string; offset: number }>(
  "SLIPWAY_MODEL_PYTORCH_OPCODE",
  {
    message: ({ file, opcode, offset }) =>
      `${file} has the pickle instruction ${opcode} at byte ${offset}, which weights have no need of`,
    mend: () =>
      "If you trust the file, load it in Python and save the weights alone: torch.save(model.state_dict(), path).",
    exit: exitCodes.data,
  },
);

export const pytorchTensor = defineError<{ file: string; tensor: string; fault: string }>(
  "SLIPWAY_MODEL_PYTORCH_TENSOR",
  {
    message: ({ file, tensor, fault }) => `${tensor} in ${file} cannot be read: ${fault}`,
    mend: () =>
      "Check that the file is whole; if it is, save plain dense tensors: torch.save(model.state_dict(), path).",
    exit: exitCodes.data,
  },
);

export const pytorchChoice = defineError<{ file: string; seen: string; wanted: string }>(
  "SLIPWAY_MODEL_PYTORCH_CHOICE",
  {
    message: ({ file, seen, wanted }) => `${file} has ${seen}, wanted ${wanted}`,
    mend: () =>
      'Name the part that holds the weights with `key`, as in { key: "state_dict" }, or save the weights alone.',
    exit: exitCodes.data,
  },
);
