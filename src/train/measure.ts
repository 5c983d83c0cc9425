/** @file A model's metrics on rows it was not trained on, whatever kind of rows they are: what lineage and gate hold. */
import type { Examples, FileExamples } from "../data/types.ts";
import type { Signature } from "../model/signature.ts";
import { measureDetector } from "./detector/evaluate.ts";
import { evaluate, toMetrics } from "./evaluate.ts";

/** Undefined where there are no rows to measure on. */
export async function measureModel(
  model: Uint8Array,
  signature: Signature,
  examples: Exclude<Examples, FileExamples>,
  rows: Int32Array,
  options: { threads: number },
): Promise<Readonly<Record<string, number>> | undefined> {
  if (examples.kind === "boxes") return measureDetector(model, signature, examples, rows, options);
  const found = await evaluate(model, signature, examples, rows, options);
  return found === undefined ? undefined : toMetrics(found);
}
