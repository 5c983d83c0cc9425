import type { Report } from "../base/progress.ts";
import type { Examples, ImageExamples, Split } from "../data/types.ts";
import type { AnchorSize } from "../model/detector/anchors.ts";
import type { Layer, Loss } from "../model/layers.ts";
import type { Signature } from "../model/signature.ts";
import type { WeightsTrainer } from "./weights/types.ts";

export type { Layer, Loss } from "../model/layers.ts";

/** Formulas are PyTorch's, so that settings carry over. */
export type Optimizer =
  | { kind: "sgd"; rate: number; momentum: number; nesterov: boolean; weightDecay: number }
  | { kind: "adadelta"; rate: number; decay: number; epsilon: number; weightDecay: number }
  | { kind: "adam"; rate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number }
  /** Weight decay decoupled from the gradient (Loshchilov and Hutter, 2019). */
  | { kind: "adamW"; rate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number };

/** How the optimizer's rate changes over the run: a factor on `rate` at each step. */
export type Schedule =
  | { kind: "constant" }
  | { kind: "cosine"; warmupEpochs: number; floor: number }
  | { kind: "stepDecay"; everyEpochs: number; factor: number }
  | { kind: "oneCycle"; peakAt: number; startFactor: number; endFactor: number };

/** Drawn anew for every image of every epoch. Shift in pixels, angle in degrees, scale as a share (0.1 = 0.9..1.1). */
export type Augmentation =
  | { kind: "shift"; pixels: number }
  | { kind: "rotate"; degrees: number }
  | { kind: "scale"; share: number }
  /** Every other one is mirrored, left and right. */
  | { kind: "flip" };

export interface SequentialTrainer {
  kind: "sequential";
  layers: readonly Layer[];
  loss: Loss;
  optimizer: Optimizer;
  schedule: Schedule;
  augment: readonly Augmentation[];
  /** Rows a step. */
  batch: number;
  epochs: number;
  seed: number;
  /** Share of each label kept for validation, 0..1. */
  validation: number;
  /** Data-parallel worker threads; 0 means one per core, as far as the batch divides. */
  workers: number;
  /** `"auto"` uses the fast path where it applies; `"graph"` forces the plain ONNX graph. */
  engine: "auto" | "graph";
  /** Which epoch's model is given: the last, or the one with the best validation accuracy (the earliest of equals). */
  keep: "last" | "best";
}

/** A single-shot detector on one feature map. */
export interface DetectorTrainer extends Pick<
  SequentialTrainer,
  "layers" | "optimizer" | "schedule" | "augment" | "batch" | "epochs" | "seed" | "validation" | "workers" | "keep"
> {
  kind: "detector";
  /** In pixels of the image that the network sees; `"auto"`: by the boxes that are trained on. */
  anchors: readonly AnchorSize[] | "auto";
}

/**
 * Runs a program that writes a model. It gets, by environment: SLIPWAY_DATA (folder), SLIPWAY_OUTPUT (folder to write
 * `model.onnx` and `metrics.json` into), SLIPWAY_PARAMETERS (JSON), SLIPWAY_SEED, SLIPWAY_SPLIT (JSON file: lists of paths for `train` and `validation`).
 */
export interface CommandTrainer {
  kind: "command";
  command: readonly string[];
  parameters: Readonly<Record<string, unknown>>;
  seed: number;
  validation: number;
}

/** What counts as a word of a text. */
export interface WordOptions {
  lowercase: boolean;
  /** Characters that a word has at least. */
  minLength: number;
}

interface TextTrainer {
  tokenizer: WordOptions;
  /** Words in fewer training texts than this are left out. */
  minTexts: number;
  seed: number;
  /** Share of each label kept for validation, 0..1. */
  validation: number;
}

export interface NaiveBayesTrainer extends TextTrainer {
  kind: "naiveBayes";
  /** Added to the count of every word in every class. */
  alpha: number;
  /** Take into account how frequent each label is. */
  fitPrior: boolean;
}

export interface LogisticTrainer extends TextTrainer {
  kind: "logistic";
  /** Inverse of the weights' penalty. */
  c: number;
  steps: number;
}

/** Formulas are scikit-learn's RandomForestClassifier, splits are sought among bins. */
export interface ForestTrainer {
  kind: "forest";
  trees: number;
  /** Of a tree: levels of questions. */
  depth: number;
  /** Values of a column that a split may lie between; 2..256. */
  bins: number;
  /** Columns tried at each split; 0 is the square root of all. */
  features: number;
  /** Rows that a leaf has at least. */
  minLeaf: number;
  /** 0 is one a core. Any number gives the same forest. */
  workers: number;
  seed: number;
  /** Share of each label, or of the time, kept for validation, 0..1. */
  validation: number;
}

/** Trains each of several; the model of the best one is given. */
export interface ExperimentsTrainer {
  kind: "experiments";
  trainers: readonly (ForestTrainer | NaiveBayesTrainer | LogisticTrainer)[];
  /** Metric that decides, on the same validation rows for all. */
  metric: string;
  better: "higher" | "lower";
  seed: number;
  validation: number;
}

export type Trainer =
  | SequentialTrainer
  | DetectorTrainer
  | CommandTrainer
  | NaiveBayesTrainer
  | LogisticTrainer
  | ForestTrainer
  | ExperimentsTrainer
  | WeightsTrainer;

/** Without an argument: that of a trainer for images. */
export interface TrainContext<E extends Examples = ImageExamples> {
  examples: E;
  split: Split;
  /** Folder of the dataset's files, and each row's path in it (for trainers that read files themselves). */
  folder: string;
  paths: readonly string[];
  /** The project's folder: where a command trainer runs. */
  root: string;
  /** A folder of this run's own, for checkpoints and logs. */
  workspace: string;
  /** Continue from the checkpoint in `workspace`, where there is one for the same inputs. */
  resume: boolean;
  report: Report;
  /** Aborted by Ctrl-C: a trainer keeps a checkpoint and throws `trainInterrupted`. */
  signal: AbortSignal;
}

export interface EpochRecord {
  epoch: number;
  /** Mean training loss over the epoch. */
  loss: number;
  /** On the validation rows, by the exported model. */
  accuracy?: number;
  meanAveragePrecision?: number;
  validationLoss?: number;
  samplesPerSecond: number;
  seconds: number;
}

/** What a training gives: an ONNX file that takes what a caller sends (pixels 0..255) and gives probabilities. */
export interface Trained {
  /** Bytes of the ONNX file. */
  model: Uint8Array;
  signature: Signature;
  /** On the validation rows, by the model above run by onnxruntime. `accuracy` is there for classifiers. */
  metrics: Readonly<Record<string, number>>;
  /** Counts of validation rows: `confusion[label][predicted]`, by class number. Missing where there are no validation rows. */
  confusion?: readonly (readonly number[])[];
  history: readonly EpochRecord[];
  /** Parameters as resolved (defaults filled in), for the lineage. */
  parameters: Readonly<Record<string, unknown>>;
  seed: number;
}
