import { createChecker } from "../check.ts";

/** `audit: labelAudit()`: looks for wrong labels before the champion changes. */
export interface LabelAudit {
  kind: "labels";
  /** Models, each trained without its share of the images, where no champion of other data judges. */
  folds: number;
  epochs: number;
  /** Share of images that may look like another label by themselves, 0..1: some are only hard to read. */
  slips: number;
}

/**
 * For images: exchanged labels, copies under two labels, files that had another label under an earlier lock, and more doubtful images than
 * `slips` hold the model back. Judged by the champion where it was trained on other data, else by models of other folds. Throws
 * `sourceArgument` for a wrong option.
 */
export function labelAudit(options: Partial<Omit<LabelAudit, "kind">> = {}): LabelAudit {
  const { check, keys } = createChecker("labelAudit");
  keys(options, ["folds", "epochs", "slips"], "{ folds: 2 }");
  const { folds = 2, epochs = 4, slips = 0.01 } = options;
  check("folds", folds, "a whole number from 2 to 20", Number.isInteger(folds) && folds >= 2 && folds <= 20);
  check("epochs", epochs, "a whole number from 1", Number.isInteger(epochs) && epochs >= 1);
  check("slips", slips, "a share from 0 to 1", typeof slips === "number" && slips >= 0 && slips <= 1);
  return { kind: "labels", folds, epochs, slips };
}
