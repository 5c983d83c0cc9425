/** @file `forest({...})` as users write it. */
import { findFaults, share, whole, withoutUndefined } from "../arguments.ts";
import { trainerInvalid } from "../errors.ts";
import type { ForestTrainer } from "../types.ts";

export interface ForestOptions {
  /** Default 100. */
  trees?: number;
  /** Levels of questions of a tree. Default 8. */
  depth?: number;
  /** Values of a column that a split may lie between. Default 256. */
  bins?: number;
  /** Columns tried at each split. Default: the square root of all, rounded down. */
  features?: number;
  /** Rows that a leaf has at least. Default 1. */
  minLeaf?: number;
  /** Threads; any number gives the same forest. Default 0: one a core. */
  workers?: number;
  /** Of everything drawn: bootstraps, columns, the split. Default 1. */
  seed?: number;
  /** Share kept for validation: of each label, or the latest rows where they have a time. Default 0.2. */
  validation?: number;
}

/** A random forest over columns of numbers: the mean of many trees, each grown on other rows and columns. */
export function forest(options: ForestOptions = {}): ForestTrainer {
  const faults = findFaults(options, checks).map(
    ({ argument, seen, wanted }) => `${argument} is ${seen}, wanted ${wanted}`,
  );
  if (faults.length > 0) throw trainerInvalid({ maker: "forest", faults });
  return {
    kind: "forest",
    trees: 100,
    depth: 8,
    bins: 256,
    features: 0,
    minLeaf: 1,
    workers: 0,
    seed: 1,
    validation: 0.2,
    ...withoutUndefined(options),
  };
}

const checks = {
  trees: whole(1, 100_000),
  depth: whole(1, 64),
  bins: whole(2, 256),
  features: whole(0, 65_536),
  minLeaf: whole(1),
  workers: whole(0, 256),
  seed: whole(0, 0xffffffff),
  validation: share,
};
