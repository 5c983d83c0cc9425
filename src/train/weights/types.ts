import type { FileSource } from "../../data/types.ts";

/** A network that weights are read into. */
export interface Ssd300Network {
  kind: "ssd300";
  /** Names of the classes in the order of the weights, the background first. Empty: VOC's or COCO's, by their number. */
  labels: readonly string[];
  /** Classes with the background; 0: as many as the weights have. */
  classes: number;
  /** Which set of boxes the weights were trained on; `"auto"`: COCO's for 81 and 201 classes, VOC's for others. */
  priors: "auto" | "voc" | "coco";
}

export type WeightsNetwork = Ssd300Network;

/** Builds a model from weights that were trained elsewhere. The file of the weights is the project's data: its digest is locked. */
export interface WeightsTrainer {
  kind: "weights";
  source: FileSource;
  network: WeightsNetwork;
  /** Where the weights are within a checkpoint; empty: found. */
  key: string;
  /** Taken off every name; undefined: `module.`, where every name has it. */
  prefix: string | undefined;
  /** Kept in the lineage: how the weights came about, as far as it is known. */
  parameters: Readonly<Record<string, unknown>>;
  /** Nothing is drawn and nothing held out: both are 0. */
  seed: number;
  validation: number;
}
