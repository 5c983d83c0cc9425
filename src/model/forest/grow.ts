/**
 * @file Grows one tree at a time: a bootstrap of the rows, some columns tried at each split, Gini's impurity. It does what scikit-learn's
 * RandomForestClassifier does, but seeks splits between bins: a node costs its rows plus the bins, without sorting.
 */
import type { Binned } from "./bin.ts";
import { addNode, closeNodes, type Nodes, openNodes } from "./nodes.ts";
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
  const bench = openBench(binned, targets, classes, options);
  return (tree) => {
    bench.random = createRandom(options.seed, tree);
    bench.nodes = openNodes(classes);
    const count = drawRows(bench);
    for (let i = 0; i < binned.columns; i++) bench.candidates[i] = i;
    grow(bench, 0, count, 0);
    return closeNodes(bench.nodes);
  };
}

/**
 * All that a thread needs to grow trees, made once. Plain functions work on it: functions within another would be other ones for every
 * forest, and what the compiler has learned of the last would be thrown away.
 */
interface Bench {
  rows: number;
  columns: number;
  classes: number;
  codes: Uint8Array;
  edges: readonly Float32Array[];
  targets: Uint16Array;
  options: GrowOptions;
  /** How often each row was drawn. */
  times: Uint16Array;
  /** Rows of the tree, those of a node side by side, and their classes and weights in the same order. */
  order: Int32Array;
  labels: Uint16Array;
  weights: Float64Array;
  aside: { order: Int32Array; labels: Uint16Array; weights: Float64Array };
  /** Bins × classes; zeros between two uses. */
  histogram: Float64Array;
  /** Of the node in hand, by class: all of it, and what lies below the split that is tried. */
  total: Float64Array;
  below: Float64Array;
  keys: Int32Array;
  candidates: Int32Array;
  random: () => number;
  nodes: Nodes;
  /** The best split so far of the node in hand; column -1: none. */
  best: number;
  bestColumn: number;
  bestCode: number;
}

function openBench(
  { rows, columns, codes, edges }: Binned,
  targets: Uint16Array,
  classes: number,
  options: GrowOptions,
): Bench {
  return {
    rows,
    columns,
    classes,
    codes,
    edges,
    targets,
    options,
    times: new Uint16Array(rows),
    order: new Int32Array(rows),
    labels: new Uint16Array(rows),
    weights: new Float64Array(rows),
    aside: { order: new Int32Array(rows), labels: new Uint16Array(rows), weights: new Float64Array(rows) },
    histogram: new Float64Array(256 * classes),
    total: new Float64Array(classes),
    below: new Float64Array(classes),
    keys: new Int32Array(few),
    candidates: new Int32Array(columns),
    random: () => 0,
    nodes: openNodes(classes),
    best: 0,
    bestColumn: -1,
    bestCode: 0,
  };
}

function draw(random: () => number, most: number): number {
  return Math.floor((random() / 0x1_0000_0000) * most);
}

/** The bootstrap: as many draws as there are rows. Gives how many different ones there are. */
function drawRows({ rows, times, order, labels, weights, targets, random }: Bench): number {
  times.fill(0);
  for (let i = 0; i < rows; i++) times[draw(random, rows)]!++;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (times[row] === 0) continue;
    order[count] = row;
    labels[count] = targets[row]!;
    weights[count] = times[row]!;
    count++;
  }
  return count;
}

function grow(bench: Bench, from: number, to: number, depth: number): number {
  const { nodes, classes, total, options } = bench;
  const id = addNode(nodes);
  countClasses(bench, from, to);
  let sum = 0;
  let squares = 0;
  for (let k = 0; k < classes; k++) {
    sum += total[k]!;
    squares += total[k]! * total[k]!;
  }
  bench.bestColumn = -1;
  if (depth < options.depth && sum >= 2 * options.minLeaf && squares < sum * sum)
    findSplit(bench, from, to, sum, squares);
  const column = bench.bestColumn;
  if (column < 0) {
    for (let k = 0; k < classes; k++) nodes.shares[id * classes + k] = total[k]! / sum;
    return id;
  }
  const threshold = bench.edges[column]![bench.bestCode]!;
  const middle = divide(bench, from, to, column, bench.bestCode);
  const left = grow(bench, from, middle, depth + 1);
  const right = grow(bench, middle, to, depth + 1);
  nodes.column[id] = column;
  nodes.threshold[id] = threshold;
  nodes.left[id] = left;
  nodes.right[id] = right;
  return id;
}

function countClasses({ total, labels, weights }: Bench, from: number, to: number): void {
  total.fill(0);
  for (let i = from; i < to; i++) total[labels[i]!]! += weights[i]!;
}

/** Tries columns in a random order until enough of them vary in this node. */
function findSplit(bench: Bench, from: number, to: number, sum: number, squares: number): void {
  const { columns, candidates, edges, random } = bench;
  const { features } = bench.options;
  // Impurity falls as the classes' squares, each side divided by its weight, add up to more. A hair more than before counts.
  bench.best = (squares / sum) * (1 + 1e-12);
  let tried = 0;
  for (let k = 0; k < columns; k++) {
    if (tried >= features && bench.bestColumn >= 0) break;
    const at = k + draw(random, columns - k);
    const column = candidates[at]!;
    candidates[at] = candidates[k]!;
    candidates[k] = column;
    if (edges[column]!.length === 0) continue;
    const varies =
      to - from <= few ? trySorted(bench, from, to, column, sum) : tryHistogram(bench, from, to, column, sum);
    if (varies) tried++;
  }
}

function tryHistogram(bench: Bench, from: number, to: number, column: number, sum: number): boolean {
  const { rows, classes, codes, order, labels, weights, histogram, below } = bench;
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
    weigh(bench, column, code, weight, sum);
  }
  histogram.fill(0, low * classes, (high + 1) * classes);
  return low < high;
}

function trySorted(bench: Bench, from: number, to: number, column: number, sum: number): boolean {
  const { rows, codes, order, labels, weights, keys, below } = bench;
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
    if (code !== keys[i + 1]! >> 8) weigh(bench, column, code, weight, sum);
  }
  return true;
}

/** Takes the split after `code` if it is better than what is known. */
function weigh(bench: Bench, column: number, code: number, weight: number, sum: number): void {
  const { minLeaf } = bench.options;
  const rest = sum - weight;
  if (weight < minLeaf || rest < minLeaf) return;
  const { classes, below, total } = bench;
  let left = 0;
  let right = 0;
  for (let k = 0; k < classes; k++) {
    const share = below[k]!;
    const other = total[k]! - share;
    left += share * share;
    right += other * other;
  }
  const score = left / weight + right / rest;
  if (score <= bench.best) return;
  bench.best = score;
  bench.bestColumn = column;
  bench.bestCode = code;
}

/** Rows that go left first, both sides in their order; gives where the right side begins. */
function divide(bench: Bench, from: number, to: number, column: number, code: number): number {
  const { rows, codes, order, labels, weights, aside } = bench;
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
