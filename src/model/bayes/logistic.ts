/**
 * @file Multinomial logistic regression over counts of words. It minimises what scikit-learn's LogisticRegression does: half the squared
 * weights plus `c` times the sum of the texts' log losses; the biases cost nothing. That has one minimum, so any two good minimisers agree.
 */
import type { LinearTextModel } from "./bayes.ts";
import type { Counts } from "./counts.ts";
import { minimise } from "./lbfgs.ts";

export interface LogisticOptions {
  /** The larger, the closer to the texts; the smaller, the simpler. */
  c: number;
  /** Steps at most. */
  steps: number;
  /** The largest part of the gradient at which it ends, divided by the number of texts. */
  tolerance: number;
}

export interface LogisticResult extends LinearTextModel {
  /** Mean log loss over the training texts, without the weights' part, after each step. */
  losses: readonly number[];
  /** The tolerance was reached. */
  converged: boolean;
}

export async function fitLogistic(
  { vocabulary, starts, columns, values }: Counts,
  targets: Int32Array,
  classes: number,
  { c, steps, tolerance }: LogisticOptions,
  onStep: (step: number, loss: number) => Promise<void> = async () => {},
): Promise<LogisticResult> {
  const words = vocabulary.length;
  const rows = targets.length;
  const scores = new Float64Array(classes);
  let dataLoss = 0;
  /** Parameters: words × classes weights, then the biases. Scaled by 1 / (c × rows), so that the tolerance means the same for any size. */
  const evaluate = (at: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    dataLoss = 0;
    for (let row = 0; row < rows; row++) {
      scores.set(at.subarray(words * classes));
      for (let cell = starts[row]!; cell < starts[row + 1]!; cell++) {
        const base = columns[cell]! * classes;
        for (let k = 0; k < classes; k++) scores[k]! += values[cell]! * at[base + k]!;
      }
      dataLoss -= toErrors(scores, targets[row]!) / rows;
      for (let cell = starts[row]!; cell < starts[row + 1]!; cell++) {
        const base = columns[cell]! * classes;
        for (let k = 0; k < classes; k++) gradient[base + k]! += (values[cell]! * scores[k]!) / rows;
      }
      for (let k = 0; k < classes; k++) gradient[words * classes + k]! += scores[k]! / rows;
    }
    let penalty = 0;
    const share = 1 / (c * rows);
    for (let i = 0; i < words * classes; i++) {
      penalty += at[i]! ** 2;
      gradient[i]! += share * at[i]!;
    }
    return dataLoss + (share * penalty) / 2;
  };
  const losses: number[] = [];
  const { at, converged } = await minimise(evaluate, new Float64Array((words + 1) * classes), {
    steps,
    tolerance,
    async onStep(step) {
      losses.push(dataLoss);
      await onStep(step, dataLoss);
    },
  });
  const bias = at.slice(words * classes);
  // Only differences between classes count; without this they would drift with the start.
  const mean = bias.reduce((sum, value) => sum + value, 0) / classes;
  return {
    vocabulary,
    classes,
    weights: at.slice(0, words * classes),
    bias: bias.map((value) => value - mean),
    losses,
    converged,
  };
}

/** Turns scores into probability minus truth, in place; gives the logarithm of the true class's probability. */
function toErrors(scores: Float64Array, label: number): number {
  let most = -Infinity;
  for (const score of scores) most = Math.max(most, score);
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - most);
  const own = scores[label]! - most - Math.log(sum);
  for (let k = 0; k < scores.length; k++) scores[k] = Math.exp(scores[k]! - most) / sum;
  scores[label]! -= 1;
  return own;
}
