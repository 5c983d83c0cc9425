/** @file `naiveBayes({...})` and `logistic({...})` as users write them: a text in, a label out. */
import { boolean, type Check, findFaults, positive, share, whole, withoutUndefined } from "../arguments.ts";
import { trainerInvalid } from "../errors.ts";
import type { LogisticTrainer, NaiveBayesTrainer, WordOptions } from "../types.ts";

interface TextOptions {
  /** What counts as a word. Default: two or more letters, digits or underscores of any script, upper and lower case being one. */
  tokenizer?: Partial<WordOptions>;
  /** Words in fewer training texts than this are left out. Default 1. */
  minTexts?: number;
  /** The split is drawn from it. Default 1. */
  seed?: number;
  /** Share of each label kept for validation. Default 0.2. */
  validation?: number;
}

export interface NaiveBayesOptions extends TextOptions {
  /** Added to the count of every word in every class. Default 1. */
  alpha?: number;
  /** Take into account how frequent each label is. Default true. */
  fitPrior?: boolean;
}

export interface LogisticOptions extends TextOptions {
  /** How close to the texts: the inverse of the weights' penalty, as in scikit-learn. Default 1. */
  c?: number;
  /** Steps at most. Default 200. */
  steps?: number;
}

/** Multinomial naive Bayes over counts of words: trained in one pass, hard to beat with few texts. */
export function naiveBayes(options: NaiveBayesOptions = {}): NaiveBayesTrainer {
  refuseFaults("naiveBayes", options, { ...textChecks, alpha: positive, fitPrior: boolean });
  const { tokenizer, ...rest } = options;
  return {
    kind: "naiveBayes",
    alpha: 1,
    fitPrior: true,
    ...textDefaults,
    ...withoutUndefined(rest),
    tokenizer: fill(tokenizer),
  };
}

/** Multinomial logistic regression over counts of words: better than naive Bayes where texts are many. */
export function logistic(options: LogisticOptions = {}): LogisticTrainer {
  refuseFaults("logistic", options, { ...textChecks, c: positive, steps: whole(1, 100_000) });
  const { tokenizer, ...rest } = options;
  return { kind: "logistic", c: 1, steps: 200, ...textDefaults, ...withoutUndefined(rest), tokenizer: fill(tokenizer) };
}

const textDefaults = { minTexts: 1, seed: 1, validation: 0.2 };

const fill = (tokenizer: Partial<WordOptions> = {}): WordOptions => ({
  lowercase: true,
  minLength: 2,
  ...withoutUndefined(tokenizer),
});

const tokenizerChecks = { lowercase: boolean, minLength: whole(1, 100) };

const textChecks: Readonly<Record<keyof Required<TextOptions>, Check>> = {
  tokenizer: (value) => {
    const [fault] = findFaults(value, tokenizerChecks);
    return fault === undefined ? undefined : "an object such as { lowercase: true, minLength: 2 }";
  },
  minTexts: whole(1),
  seed: whole(0, 0xffffffff),
  validation: share,
};

function refuseFaults(maker: string, options: object, checks: Readonly<Record<string, Check>>): void {
  const faults = findFaults(options, checks).map(
    ({ argument, seen, wanted }) => `${argument} is ${seen}, wanted ${wanted}`,
  );
  if (faults.length > 0) throw trainerInvalid({ maker, faults });
}
