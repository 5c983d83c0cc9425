/** @file A forest as plain data, and what it says of a row. */

/** Node 0 is the root. */
export interface Tree {
  /** Column that a node asks for; -1 for a leaf. */
  column: Int32Array;
  /** A row goes left where its value is at most this. */
  threshold: Float32Array;
  left: Int32Array;
  right: Int32Array;
  /** Nodes × classes: shares of the classes in a leaf; zeros elsewhere. */
  shares: Float64Array;
}

export interface Forest {
  columns: number;
  classes: number;
  trees: readonly Tree[];
}

/** Probabilities of the classes: the mean of the leaves that a row comes to, as scikit-learn has it. */
export function predictRow({ trees, classes }: Forest, row: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(classes);
  for (const { column, threshold, left, right, shares } of trees) {
    let node = 0;
    while (column[node]! >= 0) node = row[column[node]!]! <= threshold[node]! ? left[node]! : right[node]!;
    for (let k = 0; k < classes; k++) sums[k]! += shares[node * classes + k]!;
  }
  return sums.map((sum) => sum / trees.length);
}
