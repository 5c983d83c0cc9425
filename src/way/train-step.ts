import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact, Lineage, Store } from "../artifact/types.ts";
import { type Digest, hexOf } from "../base/digest.ts";
import type { Dataset, Examples, Split } from "../data/types.ts";
import { countLabels } from "../data/labels.ts";
import { loadExamples } from "../data/open.ts";
import { requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import { runTrainer } from "../train/run.ts";
import type { TrainContext, Trained } from "../train/types.ts";
import { digestInputs } from "./inputs.ts";
import type { WayOptions } from "./types.ts";
import { readVersions } from "./versions.ts";

export interface TrainPlace {
  /** Digest of the run's inputs, where whoever asked for the run computed it. Default: computed here. */
  inputs?: Digest;
  /** Folder in which each run has one of its own, for its checkpoint. Default: the project's `.slipway/runs`. */
  workspaces?: string;
  /** This run's own. */
  workspace?: string;
  /** Trains in another way than the trainer's own: where its command has run elsewhere. */
  run?: (context: TrainContext<Examples>) => Promise<Trained>;
}

export interface TrainStepResult {
  artifact: Artifact;
  /** False where a model of the same inputs was stored before. */
  trained: boolean;
}

/**
 * Trains, and stores the model without an alias: what was trained is kept whatever the gate says. Where the store has one of
 * the same inputs, nothing is trained. An interrupted training leaves a checkpoint that `resume` continues from.
 */
export async function trainStep(
  project: Project,
  { dataset, split }: { dataset: Dataset; split: Split },
  store: Store,
  options: WayOptions,
  place: TrainPlace = {},
): Promise<TrainStepResult> {
  const { name } = project.definition;
  const inputs = place.inputs ?? (await digestInputs(project, dataset));
  const found = options.force === true ? undefined : await store.find(name, inputs);
  if (found !== undefined) return { artifact: found, trained: false };
  const artifact = await train(project, dataset, split, { ...place, inputs }, store, options);
  return { artifact, trained: true };
}

async function train(
  project: Project,
  dataset: Dataset,
  split: Split,
  place: TrainPlace & { inputs: Digest },
  store: Store,
  { report, signal, resume = false }: WayOptions,
): Promise<Artifact> {
  const { name, train: trainer } = requireTraining(project.definition);
  const examples = await loadExamples(dataset, { report, signal });
  signal.throwIfAborted();
  // One folder for the same inputs: an interrupted run finds its checkpoint again, another run none that is not its own.
  const { inputs, workspaces = join(project.root, ".slipway", "runs"), run } = place;
  const { workspace = join(workspaces, hexOf(inputs, 16)) } = place;
  if (!resume) await rm(workspace, { recursive: true, force: true });
  await mkdir(workspace, { recursive: true });
  const startedAt = new Date();
  const clock = performance.now();
  const context = {
    examples,
    split,
    folder: dataset.folder,
    paths: dataset.entries.map(({ path }) => path),
    root: project.root,
    workspace,
    resume,
    report,
    signal,
  };
  const trained = await (run === undefined ? runTrainer(trainer, context) : run(context));
  const lineage: Lineage = {
    inputs,
    dataset: {
      digest: dataset.digest,
      count: dataset.entries.length,
      labels: countLabels(dataset),
      ...(dataset.warnings.some(({ kind }) => kind === "sample") && { sample: true }),
    },
    code: project.codeDigest,
    trainer: trainer.kind,
    parameters: trained.parameters,
    seed: trained.seed,
    metrics: trained.metrics,
    history: trained.history,
    versions: readVersions(),
    startedAt: startedAt.toISOString(),
    durationSeconds: Math.round(performance.now() - clock) / 1000,
  };
  const artifact = await store.put({ name, model: trained.model, signature: trained.signature, lineage });
  await rm(workspace, { recursive: true, force: true });
  return artifact;
}
