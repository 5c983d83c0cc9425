/** @file The whole way on a cluster: data here, training there (or here), gate and alias in the shared store, image, deployment, verification. */
import type { Artifact } from "../../artifact/types.ts";
import { shortReference } from "../../base/digest.ts";
import type { Endpoint } from "../../deploy/cluster/endpoint.ts";
import type { ImageSource, ServerRelease } from "../../kube/types.ts";
import { volumePath } from "../../kube/volume.ts";
import { isTrained } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { createClock, type Done } from "../clock.ts";
import { fetchNeedsRegistry } from "../errors.ts";
import type { StepOutcome, WayOptions } from "../types.ts";
import {
  applyRelease,
  type ApplyReleaseOptions,
  countActions,
  describeModel,
  describeRelease,
  listReleaseObjects,
  planServer,
  type Deployed,
} from "./deploy-step.ts";
import { isOnVolume, openPlace, type ClusterChoice, type ClusterPlace } from "./place.ts";
import { planOnCluster, type ClusterPlan } from "./plan.ts";
import { publishImage } from "./publish.ts";
import { applySchedule, checkSchedule, removeSchedule } from "./schedule.ts";
import { reachRelease, settleRelease, type SettleOptions, type Settled } from "./settle.ts";
import { openStores, type Stores } from "./stores.ts";
import type { ClusterTrainOptions } from "./train-step.ts";
import { trainAt, type ClusterTrainResult } from "./train-way.ts";
import { verifyThere } from "./verify-there.ts";

export interface ClusterUpOptions extends ClusterTrainOptions, SettleOptions, ApplyReleaseOptions {
  /** Told before anything is changed. */
  onTarget?: (place: Pick<ClusterPlace, "cluster" | "namespace" | "delivery">) => void;
}

export interface ClusterUpResult {
  name: string;
  context: string;
  namespace: string;
  trained?: ClusterTrainResult;
  /** Where it answers, the best for a caller first; none where it is reached from inside the cluster alone. */
  endpoints: readonly Endpoint[];
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

/** What `upOnCluster` would do. Changes nothing. */
export async function planUp(project: Project, choice: ClusterChoice, options: ClusterUpOptions): Promise<ClusterPlan> {
  await using place = await openTold(project, choice, options);
  return planOnCluster(project, place, await openStores(project, place, options), options);
}

/** All of it. What is done already for the same digests is not done again. Throws what the steps throw. */
export async function upOnCluster(
  project: Project,
  choice: ClusterChoice,
  options: ClusterUpOptions,
): Promise<ClusterUpResult> {
  await using place = await openTold(project, choice, options);
  checkSchedule(place);
  const steps: StepOutcome[] = [];
  const step = createClock(steps, options);
  const stores = await openStores(project, place, options);
  const trained = isTrained(project.definition)
    ? await trainAt(project, place, stores, step, steps, options)
    : undefined;
  const artifact = trained?.artifact;

  const image = await step("image", async () => {
    const found = await publishImage(place, await planServer(project, artifact, stores.store, place, options), options);
    const text = shortReference(found.source.reference);
    return { value: found, kept: found.sent === 0, text, facts: { ...found } };
  });
  const { release, applied, settled } = await step("deploy", () =>
    deploy(project, artifact, image.source, place, stores, options),
  );
  const { schedule } = place.deploy.train ?? {};
  if (schedule !== undefined) await step("schedule", () => keepSchedule(project, schedule, place, stores, options));
  else if (trained !== undefined) await removeSchedule(project, place, options);
  await using reached = await reachRelease(place, release, settled);
  if (trained !== undefined)
    await step("verify", () =>
      verifyThere(project, trained, place, stores, { applied, settled }, reached.url, options),
    );
  return {
    name: project.definition.name,
    context: place.cluster.context,
    namespace: place.namespace,
    ...(trained !== undefined && { trained }),
    endpoints: settled.endpoints,
    steps,
  };
}

async function deploy(
  project: Project,
  artifact: Artifact | undefined,
  image: ImageSource,
  place: ClusterPlace,
  { shared }: Stores,
  options: ClusterUpOptions,
): Promise<Done<{ release: ServerRelease; applied: Deployed; settled: Settled }>> {
  options.report({ step: "deploy", label: "apply the objects" });
  const release = await describeRelease(project, artifact, image, place, shared);
  const applied = await applyRelease(place, release, listReleaseObjects(project, release), options);
  const settled = await settleRelease(place, release, applied, options);
  const text = applied.kept
    ? `${describeModel(artifact)} runs already (${settled.text})`
    : [countActions(applied.events), settled.text].filter((one) => one !== "").join(" · ");
  const facts = {
    release: applied.release?.number,
    pods: settled.pods,
    events: applied.events.map(({ ref, action }) => ({ kind: ref.kind, name: ref.name, action })),
    warnings: settled.warnings.map(({ cause, mend }) => ({ message: `${cause} ${mend}` })),
  };
  return { value: { release, applied, settled }, kept: applied.kept, text, facts };
}

async function keepSchedule(
  project: Project,
  schedule: string,
  place: ClusterPlace,
  { shared }: Stores,
  options: WayOptions,
): Promise<Done<void>> {
  const store = isOnVolume(place) ? { path: `${volumePath}/store` } : shared?.inside;
  if (store === undefined) throw fetchNeedsRegistry({ context: place.cluster.context });
  const events = await applySchedule(project, place, store, options);
  const kept = countActions(events) === "";
  const { timeZone = "UTC" } = place.deploy.train ?? {};
  const text = `trains at ${schedule} (${timeZone})`;
  return { value: undefined, kept, text, facts: { schedule, timeZone } };
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
