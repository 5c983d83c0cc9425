/** @file Multinomial naive Bayes by counts, with the formulas of scikit-learn's MultinomialNB. */
import type { Counts } from "./counts.ts";

/** A model that adds up weights of words: score of a class = its bias + the sum of its weights over all words of a text. */
export interface LinearTextModel {
  vocabulary: readonly string[];
  classes: number;
  /** Words × classes. */
  weights: Float64Array;
  /** One a class. */
  bias: Float64Array;
}

export interface BayesOptions {
  /** Added to the count of every word in every class: unseen words then say little, not everything. */
  alpha: number;
  /** Take the share of each class among the texts into account; else all are as likely. */
  fitPrior: boolean;
}

/** Weight = log((count of the word in the class + alpha) / (count of all words in it + alpha × words)), bias = log(share of the class). */
export function fitBayes(
  { vocabulary, starts, columns, values }: Counts,
  targets: Int32Array,
  classes: number,
  { alpha, fitPrior }: BayesOptions,
): LinearTextModel {
  const weights = new Float64Array(vocabulary.length * classes).fill(alpha);
  const sums = new Float64Array(classes).fill(alpha * vocabulary.length);
  const texts = new Float64Array(classes);
  for (let row = 0; row < targets.length; row++) {
    const label = targets[row]!;
    texts[label]!++;
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      weights[columns[at]! * classes + label]! += values[at]!;
      sums[label]! += values[at]!;
    }
  }
  for (let at = 0; at < weights.length; at++) weights[at] = Math.log(weights[at]!) - Math.log(sums[at % classes]!);
  const bias = texts.map((count) => (fitPrior ? Math.log(count) - Math.log(targets.length) : -Math.log(classes)));
  return { vocabulary, classes, weights, bias };
}
