/** @file Which labels a model takes for which: it is asked anew, about the validation rows that its own training kept. */
import type { Artifact } from "../artifact/types.ts";
import { loadExamples } from "../data/open.ts";
import { splitDataset } from "../data/split.ts";
import { evaluate } from "../train/evaluate.ts";
import type { ConfusionAnswer } from "./api.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Only where the data are still those of the training: the split follows from them, the seed and the share kept, and on other rows the
 * model might have been trained.
 */
export async function measureConfusion(workspace: Workspace, artifact: Artifact): Promise<ConfusionAnswer> {
  const { lineage, signature } = artifact;
  const labels = signature.outputs.flatMap(({ content }) => (content?.kind === "probabilities" ? content.labels : []));
  if (labels.length === 0) return { reason: "This model gives no probabilities of labels." };
  const { signal } = workspace;
  const dataset = await workspace.lastDataset();
  if (dataset.kind === "file")
    return { reason: "This model was trained elsewhere: there are no rows to ask it about." };
  if (dataset.digest !== lineage.dataset.digest)
    return {
      reason: "It was trained on other data than the present ones, which may hold rows that it knows by heart.",
    };
  const { validation } = lineage.parameters;
  if (typeof validation !== "number" || validation === 0)
    return { reason: "Its training kept no rows back to judge it by." };
  const rows = splitDataset(dataset, { validation, seed: lineage.seed }).validation;
  const examples = await loadExamples(dataset, { signal });
  if (examples.kind === "file" || !("targets" in examples))
    return { reason: "Its rows have no label each that could be taken for another." };
  const model = await (await workspace.store()).readModel(artifact);
  const found = await evaluate(model, signature, examples, rows, { threads: 1 });
  if (found === undefined) return { reason: "Its training kept no rows back to judge it by." };
  return { labels: [...labels], counts: found.confusion, rows: rows.length };
}
