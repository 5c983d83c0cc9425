import { defineError, exitCodes } from "../base/errors.ts";

const otherFile = "Write the model again with its exporter and check that the copy is complete.";

export const onnxMalformed = defineError<{ part: string; fault: string; offset: number }>("SLIPWAY_ONNX_MALFORMED", {
  message: ({ part, fault, offset }) => `not a whole ONNX file: ${fault} in ${part} at byte ${offset}`,
  mend: () => otherFile,
  exit: exitCodes.data,
});

export const onnxTensorData = defineError<{ tensor: string; fault: string }>("SLIPWAY_ONNX_TENSOR_DATA", {
  message: ({ tensor, fault }) => `tensor ${tensor || "without a name"}: ${fault}`,
  mend: () => otherFile,
  exit: exitCodes.data,
});

export const onnxUnwritable = defineError<{ part: string; fault: string }>("SLIPWAY_ONNX_UNWRITABLE", {
  message: ({ part, fault }) => `cannot write ${part} as ONNX: ${fault}`,
  mend: () => "Change the value, or leave that part out of the model.",
});

export const onnxText = defineError<{ line: number; column: number; fault: string }>("SLIPWAY_ONNX_TEXT", {
  message: ({ line, column, fault }) => `model text, line ${line}, column ${column}: ${fault}`,
  mend: () => "Correct the text at that place.",
  exit: exitCodes.usage,
});
