/**
 * @file What a project imports as "slipway/train". Plain data only: the server loads the project file too, so nothing here may
 * reach onnxruntime, threads or files.
 */
export {
  averagePool,
  batchNorm,
  conv,
  crossEntropy,
  dense,
  dropout,
  flatten,
  gelu,
  maxPool,
  meanSquaredError,
  relu,
  sigmoid,
  tanh,
} from "../model/layers.ts";
export { flip, rotate, scale, shift } from "./augmentations.ts";
export { command } from "./command/define.ts";
export type { CommandOptions } from "./command/define.ts";
export { detector } from "./detector/define.ts";
export type { DetectorOptions } from "./detector/define.ts";
export { adadelta, adam, adamW, sgd } from "./optimizers.ts";
export { constant, cosine, oneCycle, stepDecay } from "./schedules.ts";
export { ssd300, weights } from "./weights/define.ts";
export type { Ssd300Options, WeightsOptions } from "./weights/define.ts";
export type { Ssd300Network, WeightsTrainer } from "./weights/types.ts";
export { sequential } from "./sequential/define.ts";
export type { SequentialOptions } from "./sequential/define.ts";
export { experiments } from "./experiments/define.ts";
export type { ExperimentsOptions } from "./experiments/define.ts";
export { forest } from "./forest/define.ts";
export type { ForestOptions } from "./forest/define.ts";
export { logistic, naiveBayes } from "./text/define.ts";
export type { LogisticOptions, NaiveBayesOptions } from "./text/define.ts";
export type {
  Augmentation,
  CommandTrainer,
  DetectorTrainer,
  EpochRecord,
  ExperimentsTrainer,
  ForestTrainer,
  Layer,
  LogisticTrainer,
  Loss,
  NaiveBayesTrainer,
  Optimizer,
  Schedule,
  SequentialTrainer,
  Trained,
  Trainer,
} from "./types.ts";
