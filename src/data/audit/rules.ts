/**
 * @file Which labels are doubted, from what models and neighbours say. After confident learning (Northcutt, Jiang and Chuang, 2021): thresholds of each
 * label's own, a count of confident disagreements, pruning by the noise rate; with one departure: only pairs of labels that stand out of
 * the noise are pruned by rate, the rest by the least likely labels. Systematic exchanges and single slips are different diseases.
 */
import type { ExchangedPair, LabelFindings, Suspicion, Table } from "./types.ts";

/** Share of the model in the mix; the rest is the neighbours'. */
const modelShare = 0.7;
/** A pair stands out above the mean of all pairs by as many standard deviations of a Poisson count. */
const deviations = 6;
/** Fewer rows than this are never an alarm. */
const leastRows = 5;
/** A pair below this share of the label's rows is never an alarm. */
const leastShare = 0.01;

export interface RuleInput {
  /** Class of each row, as given. */
  targets: ArrayLike<number>;
  /** Probabilities for each row by a model that did not see it. */
  probabilities: Table;
  /** Share of each label among the nearest neighbours of each row; undefined where there are none. */
  neighbours: Table | undefined;
  /** Thresholds from elsewhere: of a champion on data of its own. */
  thresholds?: Float64Array;
}

/** Finds pairs that were exchanged and single slips. Rows of `excluded` (found by another rule already) are told of by nobody here. */
export function findLabelNoise(input: RuleInput, excluded: ReadonlySet<number> = new Set()): LabelFindings {
  const { targets } = input;
  const mix = mixTables(input.probabilities, input.neighbours);
  const counts = countLabels(targets, mix.classes);
  const joint = countConfident(targets, mix, input.thresholds ?? meanOfOwn(targets, mix, counts));
  const pairs = findPairs(joint, counts);
  const { classes } = mix;
  const isPair = new Set(pairs.map(({ label, looksLike }) => label * classes + looksLike));
  const found = new Map<number, Suspicion>();
  const doubt = (row: number, looksLike: number, kind: Suspicion["kind"]): void => {
    const label = targets[row]!;
    found.set(row, { row, kind, label, looksLike, margin: at(mix, row, looksLike) - at(mix, row, label) });
  };
  for (const { label, looksLike } of pairs)
    for (const row of pruneByRate(targets, mix, joint, counts, label, looksLike))
      // The row's best label is its own: the count says there is one more, the row says it is not this one.
      if (argmax(mix, row) !== label) doubt(row, looksLike, "pair");
  const slips = sumOffDiagonal(joint, (label, looksLike) => !isPair.has(label * classes + looksLike));
  const candidates: number[] = [];
  for (let row = 0; row < mix.rows; row++) {
    const label = targets[row]!;
    const best = argmax(mix, row);
    if (best !== label && !found.has(row) && !isPair.has(label * classes + best)) candidates.push(row);
  }
  candidates.sort((a, b) => at(mix, a, targets[a]!) - at(mix, b, targets[b]!) || a - b);
  for (const row of candidates.slice(0, slips)) doubt(row, argmax(mix, row), "noise");
  const suspicions = [...found.values()]
    .filter(({ row }) => !excluded.has(row))
    .toSorted((a, b) => b.margin - a.margin || a.row - b.row);
  return { suspicions, pairs };
}

export function mixTables(probabilities: Table, neighbours: Table | undefined): Table {
  if (neighbours === undefined) return probabilities;
  const values = probabilities.values.map(
    (value, index) => modelShare * value + (1 - modelShare) * neighbours.values[index]!,
  );
  return { ...probabilities, values };
}

/** For each label: how sure the mix is of it, in the mean, where it is given. NaN for a label without rows. */
export function meanOfOwn(
  targets: ArrayLike<number>,
  mix: Table,
  counts = countLabels(targets, mix.classes),
): Float64Array {
  const sums = new Float64Array(mix.classes);
  for (let row = 0; row < mix.rows; row++) sums[targets[row]!]! += at(mix, row, targets[row]!);
  return sums.map((sum, label) => sum / counts[label]!);
}

/**
 * How sure a champion is where it decides for a label. Its surety of the given labels would be next to nothing where two labels are
 * exchanged, and every row would pass.
 */
export function thresholdsOfVerdicts({ rows, classes, values }: Table): Float64Array {
  const sums = new Float64Array(classes);
  const counts = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * classes, (row + 1) * classes);
    const best = own.indexOf(Math.max(...own));
    if (best === -1) continue;
    sums[best]! += own[best]!;
    counts[best]!++;
  }
  return sums.map((sum, label) => sum / counts[label]!);
}

/**
 * The confident joint, label × label: rows given a that are confidently b. A row belongs to the one label whose threshold it
 * reaches; where it reaches several, to its best of all; where none, it is not counted.
 */
export function countConfident(targets: ArrayLike<number>, mix: Table, thresholds: Float64Array): Float64Array {
  const { rows, classes } = mix;
  const joint = new Float64Array(classes * classes);
  for (let row = 0; row < rows; row++) {
    let reached = -1;
    let times = 0;
    for (let label = 0; label < classes; label++)
      if (at(mix, row, label) >= thresholds[label]!) {
        reached = label;
        times++;
      }
    if (times === 0) continue;
    joint[targets[row]! * classes + (times === 1 ? reached : argmax(mix, row))]!++;
  }
  return joint;
}

/** Cells that stand out of the noise. */
function findPairs(joint: Float64Array, counts: Float64Array): ExchangedPair[] {
  const classes = counts.length;
  const expected = sumOffDiagonal(joint) / Math.max(1, classes * (classes - 1));
  // With two labels there is no other pair to compare with: the mean is the pairs' own.
  const noise = classes > 2 ? expected + deviations * Math.sqrt(expected) : 0;
  const pairs: ExchangedPair[] = [];
  for (let label = 0; label < classes; label++)
    for (let looksLike = 0; looksLike < classes; looksLike++) {
      const rows = joint[label * classes + looksLike]!;
      if (label === looksLike || rows < Math.max(leastRows, leastShare * counts[label]!, noise)) continue;
      pairs.push({ label, looksLike, rows, of: counts[label]!, expected });
    }
  return pairs.toSorted((a, b) => b.rows / b.of - a.rows / a.of);
}

/** As many rows of `label` as the joint says, those that look most like the other. */
function pruneByRate(
  targets: ArrayLike<number>,
  mix: Table,
  joint: Float64Array,
  counts: Float64Array,
  label: number,
  looksLike: number,
): number[] {
  const { classes, rows } = mix;
  const confident = joint.subarray(label * classes, (label + 1) * classes).reduce((sum, value) => sum + value, 0);
  const number = Math.round((joint[label * classes + looksLike]! * counts[label]!) / confident);
  const own: number[] = [];
  for (let row = 0; row < rows; row++) if (targets[row] === label) own.push(row);
  const margin = (row: number): number => at(mix, row, looksLike) - at(mix, row, label);
  return own.toSorted((a, b) => margin(b) - margin(a) || a - b).slice(0, number);
}

function sumOffDiagonal(joint: Float64Array, wanted: (a: number, b: number) => boolean = () => true): number {
  const classes = Math.sqrt(joint.length);
  let sum = 0;
  for (let a = 0; a < classes; a++)
    for (let b = 0; b < classes; b++) if (a !== b && wanted(a, b)) sum += joint[a * classes + b]!;
  return sum;
}

function countLabels(targets: ArrayLike<number>, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (let row = 0; row < targets.length; row++) counts[targets[row]!]!++;
  return counts;
}

export function argmax({ classes, values }: Table, row: number): number {
  let best = 0;
  for (let label = 1; label < classes; label++)
    if (values[row * classes + label]! > values[row * classes + best]!) best = label;
  return best;
}

export function at({ classes, values }: Table, row: number, label: number): number {
  return values[row * classes + label]!;
}
