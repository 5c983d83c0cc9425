/**
 * @file Experiments that run apart, each in a pod of its own. Each leaves a model of its own inputs, without an alias; whoever finds all of them in the
 * store makes the run as a whole from them. That is the same bytes whoever makes it, so it does not matter if several do.
 */
import type { Artifact, Lineage, Store } from "../artifact/types.ts";
import { digestOfJson, type Digest } from "../base/digest.ts";
import type { Dataset } from "../data/types.ts";
import { requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import { chooseExperiment, type ExperimentOutcome } from "../train/experiments/choose.ts";
import { runTrainer } from "../train/run.ts";
import type { ExperimentsTrainer, Trainer } from "../train/types.ts";
import type { TrainPlace } from "./train-step.ts";

/** Where in the lineage's parameters an experiment says which of several it is. */
const mark = "experiment";

interface Place {
  index: number;
  of: number;
  run?: string;
}

export interface Experiment {
  /** The project with this one trainer. */
  project: Project;
  /** Digest of this experiment's own inputs: in another list, or at another place of it, it need not be trained again. */
  inputs: Digest;
  /** `run` names a run by force: then its parts are told from those that were there before. */
  train(run: string | undefined): NonNullable<TrainPlace["run"]>;
}

/** In the order of the project file; undefined where its trainer is no `experiments([…])`. */
export function listExperiments(
  project: Project,
  dataset: Pick<Dataset, "digest" | "source">,
): readonly Experiment[] | undefined {
  const { name, train } = requireTraining(project.definition);
  if (train.kind !== "experiments") return undefined;
  const { trainers, seed, validation } = train;
  return trainers.map((trainer, index) => ({
    project: { ...project, definition: { ...project.definition, train: trainer } },
    // All are judged on the same rows, whatever each says of them itself.
    inputs: digestOfJson({
      name,
      dataset: dataset.digest,
      source: dataset.source,
      experiment: trainer,
      seed,
      validation,
    }),
    train: (run) => async (context) => {
      const trained = await runTrainer(trainer, context);
      const place: Place = { index, of: trainers.length, ...(run !== undefined && { run }) };
      return { ...trained, parameters: { ...trained.parameters, [mark]: place } };
    },
  }));
}

/** What each experiment left in the store, or why it left nothing. */
export type Part = Artifact | { failed: string };

/** In the order of the experiments; undefined where one is not there, or not of this run. */
export async function findParts(
  { definition: { name } }: Project,
  experiments: readonly Experiment[],
  store: Pick<Store, "find">,
  run?: string,
): Promise<readonly (Artifact | undefined)[]> {
  return Promise.all(
    experiments.map(async ({ inputs }) => {
      const found = await store.find(name, inputs);
      const place = found?.lineage.parameters[mark] as Place | undefined;
      return run === undefined || place?.run === run ? found : undefined;
    }),
  );
}

export interface WholeRun {
  /** Digest of the whole run's inputs. */
  inputs: Digest;
  /** Whether there were rows to judge them by. */
  judged: boolean;
}

/**
 * Stores the best one's model as the run's, with what is known of all in its lineage. Where an experiment failed, the run's inputs are others: it is not
 * taken for the whole the next time. Throws `experimentsWithoutMetric`.
 */
export async function storeBest(
  project: Project,
  parts: readonly Part[],
  whole: WholeRun,
  store: Pick<Store, "put" | "readModel">,
): Promise<Artifact> {
  const { name, train } = requireTraining(project.definition);
  const { best, lineage } = joinLineages(train, parts, { ...whole, code: project.codeDigest });
  return store.put({ name, model: await store.readModel(best), signature: best.signature, lineage });
}

/** Pure: the same parts give the same lineage. Times are as if all had ended with the last. */
export function joinLineages(
  train: Trainer,
  parts: readonly Part[],
  { inputs, judged, code }: WholeRun & { code: Digest },
): { best: Artifact; lineage: Lineage } {
  const experiments = train as ExperimentsTrainer;
  const { best: place, parameters } = chooseExperiment(experiments, parts.map(toOutcome), judged);
  const trained = parts.filter((part): part is Artifact => !("failed" in part));
  const failed = parts.flatMap((part, index) => ("failed" in part ? [index] : []));
  const best = parts[place] as Artifact;
  const durationSeconds = Math.max(...trained.map(({ lineage }) => lineage.durationSeconds));
  const endedAt = Math.max(...trained.map(({ createdAt }) => Date.parse(createdAt)));
  return {
    best,
    lineage: {
      ...best.lineage,
      inputs: failed.length === 0 ? inputs : digestOfJson({ inputs, failed }),
      code,
      trainer: experiments.kind,
      parameters,
      seed: experiments.seed,
      startedAt: new Date(endedAt - durationSeconds * 1000).toISOString(),
      durationSeconds,
    },
  };
}

/** As the local trainer remembers it: which of several it is says its place. */
function toOutcome(part: Part): ExperimentOutcome {
  if ("failed" in part) return part;
  const { [mark]: _, ...parameters } = part.lineage.parameters;
  return { parameters, seed: part.lineage.seed, metrics: part.lineage.metrics };
}
