/** @file Every operator that can be differentiated. */

export { gelu, relu, sigmoid, tanh } from "./activation.ts";
export { add, mul, sub } from "./arithmetic.ts";
export { batchNorm, frozenBatchNorm } from "./batch-norm.ts";
export { conv } from "./conv.ts";
export { dropout } from "./dropout.ts";
export { linear } from "./linear.ts";
export { meanSquaredError, softmax, softmaxCrossEntropy } from "./loss.ts";
export { multiboxLoss } from "./multibox.ts";
export type { Op } from "./op.ts";
export { averagePool, maxPool } from "./pool.ts";
export { flatten, reshape, transpose } from "./shape.ts";
