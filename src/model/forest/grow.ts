/**
 * @file Grows one tree at a time: a bootstrap of the rows, some columns tried at each split, Gini's impurity. It does what scikit-learn's
 * RandomForestClassifier does, but seeks splits between bins: a node costs its rows plus the bins, without sorting.
 */
import type { Binned } from "./bin.ts";
import { createRandom } from "./random.ts";
import type { Tree } from "./tree.ts";

export interface GrowOptions {
  depth: number;
  /** Columns tried at each split. Those whose values are all alike in a node do not count. */
  features: number;
  /** Rows that a leaf has at least, counting repetitions. */
  minLeaf: number;
  seed: number;
}

/** Below this many rows a node's codes are sorted: its bins are more than its rows. */
const few = 40;

/** Gives a function that grows the tree of a number: the same for the same number, whoever asks and in whatever order. */
export function createGrower(
  binned: Binned,
  targets: Uint16Array,
  classes: number,
  options: GrowOptions,
): (tree: number) => Tree {
  const { rows, columns, codes, edges } = binned;
  const { depth: deepest, features, minLeaf, seed } = options;
  const times = new Uint16Array(rows);
  /** Rows of the tree, those of a node side by side, and their classes and weights in the same order. */
  const order = new Int32Array(rows);
  const labels = new Uint16Array(rows);
  const weights = new Float64Array(rows);
  const aside = { order: new Int32Array(rows), labels: new Uint16Array(rows), weights: new Float64Array(rows) };
  const histogram = new Float64Array(256 * classes);
  const total = new Float64Array(classes);
  const below = new Float64Array(classes);
  const keys = new Int32Array(few);
  const candidates = new Int32Array(columns);
  let random: () => number = () => 0;
  let nodes: Nodes;
  const draw = (most: number): number => Math.floor((random() / 0x1_0000_0000) * most);

  /** The best split so far of the node in hand. */
  let best = 0;
  let bestColumn = -1;
  let bestCode = 0;

  return (tree) => {
    random = createRandom(seed, tree);
    times.fill(0);
    for (let i = 0; i < rows; i++) times[draw(rows)]!++;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if (times[row] === 0) continue;
      order[count] = row;
      labels[count] = targets[row]!;
      weights[count] = times[row]!;
      count++;
    }
    for (let i = 0; i < columns; i++) candidates[i] = i;
    nodes = openNodes(classes);
    grow(0, count, 0);
    return closeNodes(nodes);
  };

  function grow(from: number, to: number, depth: number): number {
    const id = addNode(nodes);
    total.fill(0);
    for (let i = from; i < to; i++) total[labels[i]!]! += weights[i]!;
    let sum = 0;
    let squares = 0;
    for (let k = 0; k < classes; k++) {
      sum += total[k]!;
      squares += total[k]! * total[k]!;
    }
    if (depth < deepest && sum >= 2 * minLeaf && squares < sum * sum) findSplit(from, to, sum, squares);
    else bestColumn = -1;
    if (bestColumn < 0) {
      for (let k = 0; k < classes; k++) nodes.shares[id * classes + k] = total[k]! / sum;
      return id;
    }
    const column = bestColumn;
    const threshold = edges[column]![bestCode]!;
    const middle = divide(from, to, column, bestCode);
    const left = grow(from, middle, depth + 1);
    const right = grow(middle, to, depth + 1);
    nodes.column[id] = column;
    nodes.threshold[id] = threshold;
    nodes.left[id] = left;
    nodes.right[id] = right;
    return id;
  }

  /** Tries columns in a random order until enough of them vary in this node. */
  function findSplit(from: number, to: number, sum: number, squares: number): void {
    bestColumn = -1;
    // Impurity falls as the classes' squares, each side divided by its weight, add up to more. A hair more than before counts.
    best = (squares / sum) * (1 + 1e-12);
    let tried = 0;
    for (let k = 0; k < columns; k++) {
      if (tried >= features && bestColumn >= 0) break;
      const at = k + draw(columns - k);
      const column = candidates[at]!;
      candidates[at] = candidates[k]!;
      candidates[k] = column;
      if (edges[column]!.length === 0) continue;
      const varies = to - from <= few ? trySorted(from, to, column, sum) : tryHistogram(from, to, column, sum);
      if (varies) tried++;
    }
  }

  function tryHistogram(from: number, to: number, column: number, sum: number): boolean {
    const base = column * rows;
    let low = 255;
    let high = 0;
    for (let i = from; i < to; i++) {
      const code = codes[base + order[i]!]!;
      if (code < low) low = code;
      if (code > high) high = code;
      histogram[code * classes + labels[i]!]! += weights[i]!;
    }
    below.fill(0);
    let weight = 0;
    for (let code = low; code < high; code++) {
      let here = 0;
      for (let k = 0; k < classes; k++) {
        const share = histogram[code * classes + k]!;
        below[k]! += share;
        here += share;
      }
      if (here === 0) continue;
      weight += here;
      weigh(column, code, weight, sum);
    }
    histogram.fill(0, low * classes, (high + 1) * classes);
    return low < high;
  }

  function trySorted(from: number, to: number, column: number, sum: number): boolean {
    const base = column * rows;
    const count = to - from;
    // Code above, place below: both fit, and sorting needs one number.
    for (let i = 0; i < count; i++) {
      const key = (codes[base + order[from + i]!]! << 8) | i;
      let at = i;
      while (at > 0 && keys[at - 1]! > key) {
        keys[at] = keys[at - 1]!;
        at--;
      }
      keys[at] = key;
    }
    if (keys[0]! >> 8 === keys[count - 1]! >> 8) return false;
    below.fill(0);
    let weight = 0;
    for (let i = 0; i < count - 1; i++) {
      const place = from + (keys[i]! & 255);
      below[labels[place]!]! += weights[place]!;
      weight += weights[place]!;
      const code = keys[i]! >> 8;
      if (code !== keys[i + 1]! >> 8) weigh(column, code, weight, sum);
    }
    return true;
  }

  /** Takes the split after `code` if it is better than what is known. */
  function weigh(column: number, code: number, weight: number, sum: number): void {
    const rest = sum - weight;
    if (weight < minLeaf || rest < minLeaf) return;
    let left = 0;
    let right = 0;
    for (let k = 0; k < classes; k++) {
      const share = below[k]!;
      const other = total[k]! - share;
      left += share * share;
      right += other * other;
    }
    const score = left / weight + right / rest;
    if (score <= best) return;
    best = score;
    bestColumn = column;
    bestCode = code;
  }

  /** Rows that go left first, both sides in their order; gives where the right side begins. */
  function divide(from: number, to: number, column: number, code: number): number {
    const base = column * rows;
    let left = from;
    let right = 0;
    for (let i = from; i < to; i++) {
      if (codes[base + order[i]!]! <= code) {
        order[left] = order[i]!;
        labels[left] = labels[i]!;
        weights[left] = weights[i]!;
        left++;
      } else {
        aside.order[right] = order[i]!;
        aside.labels[right] = labels[i]!;
        aside.weights[right] = weights[i]!;
        right++;
      }
    }
    order.set(aside.order.subarray(0, right), left);
    labels.set(aside.labels.subarray(0, right), left);
    weights.set(aside.weights.subarray(0, right), left);
    return left;
  }
}

/** A tree that still grows. */
interface Nodes extends Tree {
  count: number;
  classes: number;
}

function openNodes(classes: number, room = 64): Nodes {
  return {
    count: 0,
    classes,
    column: new Int32Array(room),
    threshold: new Float32Array(room),
    left: new Int32Array(room),
    right: new Int32Array(room),
    shares: new Float64Array(room * classes),
  };
}

function addNode(nodes: Nodes): number {
  const room = nodes.column.length;
  if (nodes.count === room) {
    const more = openNodes(nodes.classes, 2 * room);
    for (const key of ["column", "threshold", "left", "right", "shares"] as const) {
      more[key].set(nodes[key]);
      Object.assign(nodes, { [key]: more[key] });
    }
  }
  nodes.column[nodes.count] = -1;
  return nodes.count++;
}

function closeNodes({ count, classes, column, threshold, left, right, shares }: Nodes): Tree {
  return {
    column: column.slice(0, count),
    threshold: threshold.slice(0, count),
    left: left.slice(0, count),
    right: right.slice(0, count),
    shares: shares.slice(0, count * classes),
  };
}
