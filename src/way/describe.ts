/** @file What is told of each step: the same words on a laptop, on a cluster, and in a training pod. */
import type { Artifact } from "../artifact/types.ts";
import { shortDigest } from "../base/digest.ts";
import type { Dataset, Split } from "../data/types.ts";
import { unitOf } from "../data/unit.ts";
import type { FailedExperiment } from "../train/experiments/choose.ts";
import type { Promoted } from "./artifact-step.ts";
import type { Told } from "./clock.ts";
import type { Verified } from "./verify-step.ts";
import { countOf, milliseconds, show } from "./words.ts";

export function describeDataset(dataset: Dataset, { locked = false, grown = 0 } = {}): Told {
  const { entries, labels, digest, warnings } = dataset;
  const [file] = entries;
  const parts = [
    dataset.kind === "file" && file !== undefined
      ? `${file.path}, ${(file.size / 1e6).toFixed(1)} MB`
      : describeContents(dataset),
    shortDigest(digest),
    ...(locked ? ["locked"] : grown > 0 ? [`${countOf(grown, "new one")} locked`] : []),
  ];
  return { text: parts.join(" · "), facts: { digest, count: entries.length, labels, locked, grown, warnings } };
}

/** `600 images, 1,547 boxes, 3 labels` */
export function describeContents(dataset: Dataset): string {
  const { entries, labels } = dataset;
  return [
    countOf(entries.length, unitOf(dataset)),
    ...(dataset.kind === "boxes" ? [countOf(dataset.boxes.flat().length, "box", "boxes")] : []),
    countOf(labels.length, "label"),
  ].join(", ");
}

export function describeTraining(
  { artifact: { lineage, digest }, trained }: { artifact: Artifact; trained: boolean },
  { dataset, split }: { dataset: Dataset; split: Split },
): Told {
  const { inputs, metrics, history, seed, durationSeconds } = lineage;
  const warnings = listFailures(lineage.parameters);
  const facts = {
    digest,
    inputs,
    metrics,
    seed,
    durationSeconds,
    epochs: history.length,
    ...(warnings.length > 0 && { warnings }),
  };
  if (!trained) return { text: `already trained (${shortDigest(digest)})`, facts };
  if (dataset.kind === "file") return { text: countOf(metrics["parameters"] ?? 0, "parameter"), facts };
  // Metrics come sorted by name; these two say most.
  const metric =
    Object.entries(metrics).find(([name]) => name === "accuracy" || name === "meanAveragePrecision") ??
    Object.entries(metrics)[0];
  const text = [
    ...(history.length > 0 ? [countOf(history.length, "epoch")] : []),
    ...(metric === undefined
      ? []
      : [`${metric[0]} ${show(metric[1])} on ${countOf(split.validation.length, `validation ${unitOf(dataset)}`)}`]),
  ].join(" · ");
  return { text, facts };
}

export function describePromotion({ artifact, moved }: Promoted): Told {
  const name = `${artifact.name}@${shortDigest(artifact.digest)}`;
  return {
    text: moved ? `${name} → champion` : `${name} is the champion already`,
    facts: { digest: artifact.digest, size: artifact.model.size, moved },
  };
}

export function describeVerification(found: Verified, dataset: Dataset): Told {
  // Weights that were trained elsewhere come with nothing to send: that the server has them, and is ready, was seen.
  const { metric, ...facts } = found;
  if (found.count === 0) return { text: "ready, with this model", facts };
  const { name, value } = metric;
  const text = [
    `${countOf(found.count, unitOf(dataset))} through the endpoint`,
    show(value),
    `p99 ${milliseconds(found.p99)}`,
  ].join(" · ");
  return { text, facts: { ...facts, [name]: value } };
}

/** Experiments that run apart may fail apart. */
function listFailures({ experiments }: Readonly<Record<string, unknown>>): { message: string }[] {
  const records = Array.isArray(experiments) ? (experiments as Partial<FailedExperiment>[]) : [];
  return records.flatMap(({ failed }, index) =>
    failed === undefined ? [] : [{ message: `experiment ${index + 1} of ${records.length} failed: ${failed}` }],
  );
}
