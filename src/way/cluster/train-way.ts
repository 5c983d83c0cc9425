/** @file The first part of the way on a cluster: ends with the shared store's champion being the model of the project's present inputs. */
import { copyArtifact } from "../../artifact/store/copy.ts";
import type { Artifact } from "../../artifact/types.ts";
import { digestOfJson, isDigest, shortDigest, type Digest } from "../../base/digest.ts";
import type { Dataset, Split } from "../../data/types.ts";
import { requireTraining, type TrainedDefinition } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import type { RunStep } from "../clock.ts";
import { dataStep } from "../data-step.ts";
import { describeDataset, describeTraining } from "../describe.ts";
import { fetchNeedsRegistry } from "../errors.ts";
import { listExperiments } from "../experiments.ts";
import { createGateData } from "../gate-data.ts";
import { findChampion } from "../gate-step.ts";
import { digestInputs } from "../inputs.ts";
import { promoteStep } from "../promote-step.ts";
import type { JobEvent } from "../job/events.ts";
import { trainStep } from "../train-step.ts";
import type { StepOutcome } from "../types.ts";
import { isOnVolume, type ClusterPlace } from "./place.ts";
import { findReign } from "./reign.ts";
import type { Stores } from "./stores.ts";
import { trainExperimentsOnCluster } from "./train-experiments.ts";
import { trainOnCluster, trainOnVolume, type ClusterTrainOptions, type TrainedOnCluster } from "./train-step.ts";

export interface ClusterTrainResult {
  name: string;
  /** Of the champion. */
  digest: string;
  artifact: Artifact;
  /** Undefined where only the training's pod has seen the data. */
  data: { dataset: Dataset; split: Split } | undefined;
  steps: StepOutcome[];
}

export async function trainAt(
  project: Project,
  place: ClusterPlace,
  stores: Stores,
  step: RunStep,
  steps: StepOutcome[],
  options: ClusterTrainOptions,
): Promise<ClusterTrainResult> {
  const definition = requireTraining(project.definition);
  const { name } = definition;
  if (isOnVolume(place)) return trainByVolume(project, definition, place, step, steps, options);
  if (isFetched(place)) {
    const candidate = await step("train", () => trainOnFetched(project, definition, place, stores, options));
    const artifact = await promoteStep(definition, candidate, stores.store, step, {
      measure: async () => ({ reason: "only the training's pod has seen them" }),
    });
    return { name, digest: artifact.digest, artifact, data: undefined, steps };
  }
  const { dataset, split } = await step("data", async () => {
    const found = await dataStep(project, options);
    return { value: found, ...describeDataset(found.dataset, found) };
  });
  const { artifact: candidate } = await step("train", async () => {
    const found = await train(project, { dataset, split }, place, stores, options);
    return { value: found, kept: !found.trained, ...describeTraining(found, { dataset, split }) };
  });
  const known = createGateData(project, { dataset, split }, stores.store, options);
  const artifact = await promoteStep(definition, candidate, stores.store, step, known);
  return { name, digest: artifact.digest, artifact, data: { dataset, split }, steps };
}

/** Whether the data are for the pod alone: its source reads them there, and they may be others each time. */
export function isFetched({ deploy }: Pick<ClusterPlace, "deploy">): boolean {
  const { data = "artifact", on } = deploy.train ?? {};
  return data !== "artifact" && on !== "here";
}

/** What names a training whose data nobody knows yet: the code and its settings. */
export function digestFetched({ definition, codeDigest }: Pick<Project, "definition" | "codeDigest">): Digest {
  return digestOfJson({ name: definition.name, code: codeDigest, data: "fetch" });
}

/** By a Job; here where the project says so, and where pods and we have no store in common. */
async function train(
  project: Project,
  data: { dataset: Dataset; split: Split },
  place: ClusterPlace,
  { shared, own }: Stores,
  options: ClusterTrainOptions,
): Promise<TrainedOnCluster> {
  if (shared !== undefined && place.deploy.train?.on !== "here") {
    const inputs = await digestInputs(project, data.dataset);
    const known = options.force === true ? undefined : await shared.store.find(project.definition.name, inputs);
    if (known !== undefined) return { artifact: known, trained: false };
    const experiments = listExperiments(project, data.dataset);
    if (experiments !== undefined)
      return trainExperimentsOnCluster(project, { experiments, inputs, ...data }, place, shared, options);
    return trainOnCluster(project, { inputs, dataset: data.dataset }, place, shared, options);
  }
  const found = await trainStep(project, data, own, options);
  if (shared === undefined) return found;
  const { name, digest } = found.artifact;
  return { ...found, artifact: await copyArtifact(own, shared.store, `${name}@${digest}`) };
}

/** All of it happens in the pod; here it is told. */
async function trainByVolume(
  project: Project,
  { name }: TrainedDefinition,
  place: ClusterPlace,
  step: RunStep,
  steps: StepOutcome[],
  options: ClusterTrainOptions,
): Promise<ClusterTrainResult> {
  const data = isFetched(place)
    ? undefined
    : await step("data", async () => {
        const found = await dataStep(project, options);
        return { value: found, ...describeDataset(found.dataset, found) };
      });
  const inputs = data === undefined ? digestFetched(project) : await digestInputs(project, data.dataset);
  const subject = { inputs, ...(data !== undefined && { dataset: data.dataset }) };
  const known = options.force === true ? undefined : await findReign(place, name);
  // Whatever was judged after it may have moved the alias: then it is judged again.
  const reign = known?.inputs === inputs ? known : undefined;
  const told: StepOutcome[] = [...(reign?.told ?? [])];
  const onEvent = (event: JobEvent): void => {
    if (event.type === "step") told.push(event);
  };
  const artifact = await step("train", async () => {
    const result = reign?.result ?? (await trainOnVolume(project, subject, place, { ...options, onEvent }));
    const own = told.findLast((one) => one.step === "train");
    const kept = reign !== undefined || !result.trained;
    const { artifact: champion } = result;
    const text = kept ? `already trained (${shortDigest(ownDigest(own) ?? champion.digest)})` : (own?.text ?? "");
    return { value: champion, kept, text, facts: { ...own?.facts } };
  });
  const { digest } = artifact;
  for (const judged of ["gate", "artifact"] as const) {
    const found = told.findLast((one) => one.step === judged);
    if (found === undefined) continue;
    const kept = reign !== undefined || found.outcome === "kept";
    const reigns = `${name}@${shortDigest(digest)} is the champion already`;
    const text = judged === "artifact" && reign !== undefined ? reigns : found.text;
    await step(judged, async () => ({ value: undefined, kept, text, facts: { ...found.facts } }));
  }
  return { name, digest, artifact, data: data && { dataset: data.dataset, split: data.split }, steps };
}

/** Of the run's own model, which need not be the champion. */
function ownDigest(told: StepOutcome | undefined): Digest | undefined {
  const digest = told?.facts["digest"];
  return typeof digest === "string" && isDigest(digest) ? digest : undefined;
}

/** Trains once for this code; the schedule, or `--force`, does it again with newer data. */
async function trainOnFetched(
  project: Project,
  { name }: TrainedDefinition,
  place: ClusterPlace,
  { shared }: Stores,
  options: ClusterTrainOptions,
) {
  if (shared === undefined) throw fetchNeedsRegistry({ context: place.cluster.context });
  const champion = options.force === true ? undefined : await findChampion(shared.store, name);
  if (champion?.lineage.code === project.codeDigest) {
    const text = `already trained by this code (${shortDigest(champion.digest)}, ${champion.createdAt})`;
    return { value: champion, kept: true, text, facts: { digest: champion.digest, metrics: champion.lineage.metrics } };
  }
  const { artifact } = await trainOnCluster(project, { inputs: digestFetched(project) }, place, shared, options);
  const { metrics, dataset, durationSeconds } = artifact.lineage;
  const [first] = Object.entries(metrics);
  const measured = first === undefined ? "" : ` · ${first[0]} ${Number(first[1].toFixed(4))}`;
  const text = `${dataset.count} of data fetched there${measured}`;
  return { value: artifact, text, facts: { digest: artifact.digest, metrics, durationSeconds } };
}
