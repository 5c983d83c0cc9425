/** @file The champion on a candidate's validation rows: its own figures may be of other rows, and say little then. */
import { messageOf } from "../base/errors.ts";
import type { ChampionAnew } from "../artifact/gate.ts";
import type { Artifact, Store } from "../artifact/types.ts";
import { loadExamples } from "../data/open.ts";
import { splitDataset } from "../data/split.ts";
import type { Dataset, Examples, FileDataset, FileExamples, Split } from "../data/types.ts";
import type { Signature } from "../model/signature.ts";
import { measureModel } from "../train/measure.ts";
import type { WayOptions } from "./types.ts";

/** Measures a champion beside a candidate; undefined where the champion's own figures are of these very rows. */
export type MeasureChampion = (champion: Artifact, candidate: Artifact) => Promise<ChampionAnew | undefined>;

/** Below so many rows a share of right answers is mostly luck. */
const leastRows = 20;

/**
 * For the gate, where the data are at hand. Rows that the champion was trained on are left out, for both: it knows them by heart. Only
 * models are run, nothing is trained.
 */
export function createChampionMeter(
  { dataset, split }: { dataset: Dataset; split: Split },
  store: Pick<Store, "readModel">,
  { report, signal }: Pick<WayOptions, "report" | "signal">,
): MeasureChampion {
  return async (champion, candidate) => {
    if (dataset.kind === "file" || split.validation.length === 0) return undefined;
    if (isOfSameRows(champion, candidate)) return undefined;
    const reason = findHindrance(champion.signature, candidate.signature);
    if (reason !== undefined) return { reason };
    const rows = listUnseen(champion, { dataset, split });
    const of = split.validation.length;
    if (rows.length < Math.min(leastRows, of))
      return { reason: `it was trained on ${of - rows.length} of these ${of}` };
    report({ step: "gate", label: `ask the champion about ${rows.length} rows` });
    const toGate: typeof report = (event) => report({ ...event, step: "gate" });
    const asked = await loadRows(dataset, rows, { report: toGate, signal });
    const measure = (model: Artifact): Promise<Readonly<Record<string, number>>> => measureOn(model, store, asked);
    let metrics: Readonly<Record<string, number>>;
    try {
      metrics = await measure(champion);
    } catch (error) {
      signal.throwIfAborted();
      // A champion that is damaged, or that runs no more, must not keep its successor from coming.
      return { reason: `it does not run: ${messageOf(error)}` };
    }
    signal.throwIfAborted();
    return { metrics, rows: rows.length, of, ...(rows.length < of && { candidate: await measure(candidate) }) };
  };
}

/** The validation rows follow from the dataset, the seed and the share kept for validation. */
function isOfSameRows({ lineage: its }: Artifact, { lineage }: Artifact): boolean {
  return (
    its.dataset.digest === lineage.dataset.digest &&
    its.seed === lineage.seed &&
    its.parameters["validation"] === lineage.parameters["validation"]
  );
}

/** Why one model's questions are not the other's, or its answers. */
function findHindrance(champion: Signature, candidate: Signature): string | undefined {
  const [asked, wanted] = [champion, candidate].map(({ inputs }) => describeInput(inputs[0])) as [string, string];
  if (asked !== wanted || champion.inputs.length !== candidate.inputs.length)
    return `it takes ${asked}, the new one ${wanted}`;
  const [its, own] = [champion, candidate].map(listLabels);
  if (own === undefined || its === undefined) return "its answers are neither probabilities of labels nor boxes";
  return its.join("\n") === own.join("\n")
    ? undefined
    : `its labels are ${its.join(", ")}, those of the new one ${own.join(", ")}`;
}

/** What a row must be; which number type an image has does not matter. */
function describeInput(input: Signature["inputs"][number] | undefined): string {
  const content = input?.content;
  switch (content?.kind) {
    case "image":
      return `images of ${content.height}×${content.width}×${content.channels}`;
    case "features":
      return `the columns ${content.names.join(", ")}`;
    case "text":
      return "texts";
    default:
      return `numbers of shape [${input?.shape.join(", ") ?? ""}]`;
  }
}

function listLabels({ outputs }: Signature): readonly string[] | undefined {
  for (const { content } of outputs)
    if (content?.kind === "probabilities" || content?.kind === "boxes") return content.labels;
  return undefined;
}

/**
 * Validation rows that the champion cannot have been trained on. Its split is made again as it was made then: where rows go by their
 * content they stay on their side when others come; where they go by time, the first rows are those that it knew.
 */
function listUnseen({ lineage }: Artifact, { dataset, split }: { dataset: Dataset; split: Split }): Int32Array {
  const { validation = 0 } = lineage.parameters as { validation?: number };
  const known = dataset.entries.slice(0, lineage.dataset.count);
  const before =
    dataset.kind === "table" && dataset.times !== undefined
      ? { ...dataset, entries: known, times: dataset.times.slice(0, known.length) }
      : dataset;
  const trained = new Set(splitDataset(before, { validation, seed: lineage.seed }).train);
  return split.validation.filter((row) => !trained.has(row));
}

interface Asked {
  examples: Exclude<Examples, FileExamples>;
  rows: Int32Array;
}

/** Of files of images only those are decoded that are asked about. */
async function loadRows(
  dataset: Exclude<Dataset, FileDataset>,
  rows: Int32Array,
  options: Pick<WayOptions, "report" | "signal">,
): Promise<Asked> {
  if (dataset.kind === "boxes") {
    const part = Array.from(rows, (row) => ({ entry: dataset.entries[row]!, boxes: dataset.boxes[row]! }));
    const asked = { ...dataset, entries: part.map(({ entry }) => entry), boxes: part.map(({ boxes }) => boxes) };
    return { examples: await loadExamples(asked, options), rows: rows.map((_, at) => at) };
  }
  if (dataset.kind !== "images" || dataset.decoded !== undefined)
    return { examples: (await loadExamples(dataset, options)) as Asked["examples"], rows };
  const entries = Array.from(rows, (row) => dataset.entries[row]!);
  return { examples: await loadExamples({ ...dataset, entries }, options), rows: rows.map((_, at) => at) };
}

async function measureOn(
  artifact: Artifact,
  store: Pick<Store, "readModel">,
  { examples, rows }: Asked,
): Promise<Readonly<Record<string, number>>> {
  return (
    (await measureModel(await store.readModel(artifact), artifact.signature, examples, rows, { threads: 1 })) ?? {}
  );
}
