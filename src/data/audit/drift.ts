/** @file How far a label's pictures have moved from what they were. */
import type { Features } from "./neighbours.ts";

export interface Drift {
  label: number;
  /** Whose old mean picture the new one is nearest to. */
  nearest: number;
  /** Distance to its own old mean, in distances to the nearest other label's. Clean data stays below 0.3; above 1 it looks more like the other label. */
  ratio: number;
}

/** Labels whose mean picture has moved by more than this share of the way to another label are told of. */
const limit = 0.4;

/** Compares the mean picture of each label with the one it had. Blind to a few rows: that is what the other rules are for. */
export function driftOf(
  now: Features,
  targets: ArrayLike<number>,
  before: Features,
  oldTargets: ArrayLike<number>,
  classes: number,
): Drift[] {
  const means = meansOf(now, targets, classes);
  const old = meansOf(before, oldTargets, classes);
  return means.flatMap((mean, label) => {
    const own = old[label];
    if (mean === undefined || own === undefined) return [];
    const others = old.flatMap((other, index) =>
      index === label || other === undefined ? [] : [{ index, distance: distanceOf(mean, other) }],
    );
    const nearest = others.toSorted((a, b) => a.distance - b.distance)[0];
    if (nearest === undefined) return [];
    // Onto the other label's old mean exactly: infinitely nearer to it than to its own.
    const ratio = nearest.distance === 0 ? Infinity : distanceOf(mean, own) / nearest.distance;
    return ratio > limit ? [{ label, nearest: nearest.index, ratio }] : [];
  });
}

/** Undefined for a label without rows. */
function meansOf(
  { width, values }: Features,
  targets: ArrayLike<number>,
  classes: number,
): (Float64Array | undefined)[] {
  const sums = Array.from({ length: classes }, () => new Float64Array(width));
  const counts = new Float64Array(classes);
  for (let row = 0; row < targets.length; row++) {
    const sum = sums[targets[row]!];
    if (sum === undefined) continue;
    counts[targets[row]!]!++;
    for (let i = 0; i < width; i++) sum[i]! += values[row * width + i]!;
  }
  return sums.map((sum, label) => (counts[label] === 0 ? undefined : sum.map((value) => value / counts[label]!)));
}

function distanceOf(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
