/** @file What threads that grow a forest share: the codes, the labels, and the number of the next tree. */
import type { Binned } from "../../model/forest/bin.ts";
import { createGrower, type GrowOptions } from "../../model/forest/grow.ts";
import type { Tree } from "../../model/forest/tree.ts";

export interface ForestJob {
  binned: Binned;
  /** Class of each row; shared. */
  targets: Uint16Array;
  classes: number;
  trees: number;
  options: GrowOptions;
  /** One number, shared: the tree that is taken next. Whoever stops the work sets it to `trees`. */
  next: Int32Array;
}

export interface Grown {
  index: number;
  tree: Tree;
}

/** Takes the next tree until none is left. */
export function* growTrees({ binned, targets, classes, trees, options, next }: ForestJob): Generator<Grown> {
  const grow = createGrower(binned, targets, classes, options);
  for (let index = Atomics.add(next, 0, 1); index < trees; index = Atomics.add(next, 0, 1))
    yield { index, tree: grow(index) };
}
