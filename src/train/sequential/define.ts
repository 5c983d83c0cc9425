/** @file `sequential({...})` as users write it: defaults, and every fault named at once. */
import { crossEntropy } from "../../model/layers.ts";
import type { Layer, Loss } from "../../model/layers.ts";
import { type Check, findFaults, oneOf, share, show, whole, withoutUndefined } from "../arguments.ts";
import { trainerInvalid } from "../errors.ts";
import { adadelta } from "../optimizers.ts";
import { cosine } from "../schedules.ts";
import type { Augmentation, Optimizer, Schedule, SequentialTrainer } from "../types.ts";

export interface SequentialOptions {
  /** From the image to one number per label: `[conv(32, 3), relu(), flatten(), dense(10)]`. The softmax belongs to the loss. */
  layers: readonly Layer[];
  /** Default `crossEntropy()`. */
  loss?: Loss;
  /** Default `adadelta({ rate: 1 })`. */
  optimizer?: Optimizer;
  /** How the rate changes over the run. Default `cosine()`: it falls to 0, so that the last epoch's model is the settled one. */
  schedule?: Schedule;
  /** Applied in order to every training image of every epoch: `[shift(2), rotate(10)]`. Default none. */
  augment?: readonly Augmentation[];
  /** Rows a step. Default 64. Never more than there are training rows. */
  batch?: number;
  /** Default 12. */
  epochs?: number;
  /** Of everything drawn: initial weights, order, dropout, augmentation, split. Default 1. */
  seed?: number;
  /** Share of each label kept for validation. Default 0.2. */
  validation?: number;
  /**
   * Data-parallel worker threads. Default 0: one per core, as far as each gets 8 rows of a batch. The same seed and the same
   * number of workers give the same model, bit for bit; another number gives another rounding.
   */
  workers?: number;
  /** `"auto"` (default) uses the fast path where it applies; `"graph"` forces the plain ONNX graph. */
  engine?: "auto" | "graph";
  /**
   * `"last"` (default) gives the last epoch's model; `"best"` the one with the best validation accuracy (the earliest of equals).
   * With a schedule that falls, the last is as good, and its accuracy is an honest estimate: the best of many is a lucky one.
   */
  keep?: "last" | "best";
}

/** Trains a network layer by layer on this machine's cores. */
export function sequential(options: SequentialOptions): SequentialTrainer {
  const faults = findFaults(options, checks).map(
    ({ argument, seen, wanted }) => `${argument} is ${seen}, wanted ${wanted}`,
  );
  if (Array.isArray(options?.layers)) faults.push(...findLayerFaults(options.layers));
  if (typeof options === "object" && options !== null && options.layers === undefined) {
    faults.push("layers is missing, wanted a list such as [conv(32, 3), relu(), flatten(), dense(10)]");
  }
  if (faults.length > 0) throw trainerInvalid({ maker: "sequential", faults });
  return {
    kind: "sequential",
    loss: crossEntropy(),
    optimizer: adadelta(),
    schedule: cosine(),
    augment: [],
    batch: 64,
    epochs: 12,
    seed: 1,
    validation: 0.2,
    workers: 0,
    engine: "auto",
    keep: "last",
    ...withoutUndefined(options),
  };
}

/** Plain data made by one of `kinds`' makers. */
export const madeBy =
  (wanted: string, kinds: readonly string[]): Check =>
  (value) =>
    typeof value === "object" && value !== null && kinds.includes((value as { kind?: string }).kind ?? "")
      ? undefined
      : wanted;

const augmentation = madeBy("", ["shift", "rotate", "scale", "flip"]);

/** What every trainer has that learns by steps. */
export const loopChecks = {
  layers: (value: unknown) => (Array.isArray(value) && value.length > 0 ? undefined : "a list of at least one layer"),
  optimizer: madeBy("sgd(), adadelta(), adam() or adamW()", ["sgd", "adadelta", "adam", "adamW"]),
  schedule: madeBy("constant(), cosine(), stepDecay() or oneCycle()", ["constant", "cosine", "stepDecay", "oneCycle"]),
  batch: whole(1, 65_536),
  epochs: whole(1, 1_000_000),
  seed: whole(0, 0xffffffff),
  validation: share,
  workers: whole(0, 256),
  keep: oneOf("last", "best"),
} satisfies Readonly<Record<string, Check>>;

const checks: { readonly [K in keyof Required<SequentialOptions>]: Check } = {
  layers: loopChecks.layers,
  loss: madeBy("crossEntropy() or meanSquaredError()", ["crossEntropy", "meanSquaredError"]),
  optimizer: loopChecks.optimizer,
  schedule: loopChecks.schedule,
  augment: (value) =>
    Array.isArray(value) && value.every((each) => augmentation(each) === undefined)
      ? undefined
      : "a list of shift(), rotate(), scale() and flip()",
  batch: loopChecks.batch,
  epochs: loopChecks.epochs,
  seed: loopChecks.seed,
  validation: loopChecks.validation,
  workers: loopChecks.workers,
  engine: oneOf("auto", "graph"),
  keep: loopChecks.keep,
};

const layerKinds: Readonly<Record<Layer["kind"], true>> = {
  conv: true,
  dense: true,
  relu: true,
  gelu: true,
  sigmoid: true,
  tanh: true,
  maxPool: true,
  averagePool: true,
  batchNorm: true,
  dropout: true,
  flatten: true,
};

export function findLayerFaults(layers: readonly unknown[]): string[] {
  const isLayer = madeBy("", Object.keys(layerKinds));
  return layers.flatMap((layer, index) =>
    isLayer(layer) === undefined
      ? []
      : [
          `layers[${index}] is ${typeof layer === "function" ? `${layer.name || "a function"} itself` : show(layer)}, wanted a layer such as ${typeof layer === "function" && layer.name ? `${layer.name}()` : "relu()"}`,
        ],
  );
}
