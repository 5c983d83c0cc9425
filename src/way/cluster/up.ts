/** @file The whole way on a cluster: data here, training there (or here), gate and alias in the shared store, image, deployment, verification. */
import { openStore, storeFolder } from "../../artifact/store/layout.ts";
import { copyArtifact } from "../../artifact/store/copy.ts";
import type { Artifact, Store } from "../../artifact/types.ts";
import type { Dataset, Split } from "../../data/types.ts";
import { isTrained, requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { createClock, type RunStep } from "../clock.ts";
import { dataStep } from "../data-step.ts";
import { describeDataset, describeTraining, describeVerification } from "../describe.ts";
import { digestInputs } from "../inputs.ts";
import { promoteStep } from "../promote-step.ts";
import { trainStep } from "../train-step.ts";
import type { StepOutcome, WayOptions } from "../types.ts";
import { listValidationFiles, verifyStep } from "../verify-step.ts";
import { applyRelease, countActions, describeModel, describeRelease, publishServer } from "./deploy-step.ts";
import { openPlace, openSharedStore, type ClusterChoice, type ClusterPlace, type SharedStore } from "./place.ts";
import { settleRelease } from "./settle.ts";
import { trainOnCluster, type ClusterTrainOptions } from "./train-step.ts";

export interface ClusterUpOptions extends ClusterTrainOptions {
  /** Told before anything is changed. */
  onTarget?: (place: Pick<ClusterPlace, "cluster" | "namespace" | "delivery">) => void;
}

export interface ClusterTrainResult {
  name: string;
  digest: string;
  artifact: Artifact;
  dataset: Dataset;
  split: Split;
  steps: StepOutcome[];
}

export interface ClusterUpResult {
  name: string;
  context: string;
  namespace: string;
  trained?: ClusterTrainResult;
  /** Where it answers, the best for a caller first. */
  urls: readonly string[];
  steps: StepOutcome[];
}

/** Data, train, gate and artifact on a cluster: ends with the shared store's champion being the model of the project's present inputs. */
export async function trainThere(
  project: Project,
  choice: ClusterChoice,
  options: ClusterUpOptions,
): Promise<ClusterTrainResult> {
  await using place = await openTold(project, choice, options);
  const steps: StepOutcome[] = [];
  return trainAt(
    project,
    place,
    await openStores(project, place, options),
    createClock(steps, options),
    steps,
    options,
  );
}

/** All of it. What is done already for the same digests is not done again. Throws what the steps throw. */
export async function upOnCluster(
  project: Project,
  choice: ClusterChoice,
  options: ClusterUpOptions,
): Promise<ClusterUpResult> {
  await using place = await openTold(project, choice, options);
  const steps: StepOutcome[] = [];
  const step = createClock(steps, options);
  const stores = await openStores(project, place, options);
  const trained = isTrained(project.definition)
    ? await trainAt(project, place, stores, step, steps, options)
    : undefined;
  const artifact = trained?.artifact;

  const image = await step("image", async () => {
    const found = await publishServer(project, artifact, stores.store, place, options);
    const text = found.source.reference;
    return { value: found, kept: found.sent === 0, text, facts: { ...found } };
  });
  const deployed = await step("deploy", async () => {
    const release = await describeRelease(project, artifact, image.source, place, stores.shared);
    const applied = await applyRelease(place, release, options);
    const settled = await settleRelease(place, release, applied, options);
    const kept = applied.kept && settled.waited === 0;
    const text = kept
      ? `${describeModel(artifact)} runs already (${settled.ready} of ${settled.replicas} ready)`
      : [countActions(applied.events), `${settled.ready} of ${settled.replicas} ready`]
          .filter((one) => one !== "")
          .join(" · ");
    return { value: { applied, settled }, kept, text, facts: { ...settled, events: applied.events } };
  });
  const { urls } = deployed.settled;
  if (trained !== undefined) {
    await step("verify", async () => {
      if (deployed.applied.kept && deployed.applied.release?.outcome === "live")
        return { value: undefined, kept: true, text: "already verified", facts: {} };
      const { dataset, split } = trained;
      const files = listValidationFiles(dataset.folder, dataset.entries, split.validation);
      const { report, signal } = options;
      const found = await verifyStep({
        project,
        artifact: trained.artifact,
        url: urls[0] ?? "",
        files,
        report,
        signal,
      });
      return { value: undefined, ...describeVerification(found, dataset) };
    });
  }
  const { context } = place.cluster;
  const { namespace } = place;
  return { name: project.definition.name, context, namespace, ...(trained !== undefined && { trained }), urls, steps };
}

interface Stores {
  /** Undefined without a registry. */
  shared: SharedStore | undefined;
  /** Where the champion is. */
  store: Store;
  /** The project's own. */
  own: Store;
}

async function openStores(
  { root }: Project,
  place: ClusterPlace,
  { report }: Pick<WayOptions, "report">,
): Promise<Stores> {
  const own = await openStore(storeFolder(root));
  const shared = openSharedStore(place, report);
  return { shared, own, store: shared?.store ?? own };
}

async function openTold(
  project: Project,
  choice: ClusterChoice,
  options: ClusterUpOptions,
): Promise<ClusterPlace & AsyncDisposable> {
  const place = await openPlace(project, choice, options);
  options.onTarget?.(place);
  return { ...place, [Symbol.asyncDispose]: async () => place.close() };
}

async function trainAt(
  project: Project,
  place: ClusterPlace,
  stores: Stores,
  step: RunStep,
  steps: StepOutcome[],
  options: ClusterTrainOptions,
): Promise<ClusterTrainResult> {
  const definition = requireTraining(project.definition);
  const { dataset, split } = await step("data", async () => {
    const found = await dataStep(project, options);
    return { value: found, ...describeDataset(found.dataset, found) };
  });
  const { artifact: candidate } = await step("train", async () => {
    const found = await train(project, { dataset, split }, place, stores, options);
    return { value: found, kept: !found.trained, ...describeTraining(found, { dataset, split }) };
  });
  const artifact = await promoteStep(definition, candidate, stores.store, step);
  return { name: definition.name, digest: artifact.digest, artifact, dataset, split, steps };
}

/** By a Job; here where the project says so, and where pods and we have no store in common. */
async function train(
  project: Project,
  { dataset, split }: { dataset: Dataset; split: Split },
  place: ClusterPlace,
  { shared, own }: Stores,
  options: ClusterTrainOptions,
): Promise<{ artifact: Artifact; trained: boolean }> {
  if (shared !== undefined && place.deploy.train?.on !== "here") {
    const inputs = await digestInputs(project, dataset);
    return trainOnCluster(project, dataset, inputs, place, shared, options);
  }
  const found = await trainStep(project, { dataset, split }, own, options);
  if (shared === undefined) return found;
  const { name, digest } = found.artifact;
  return { ...found, artifact: await copyArtifact(own, shared.store, `${name}@${digest}`) };
}
