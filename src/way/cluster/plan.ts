/** @file What `up` would do on a cluster, tried there without changing anything. */
import type { Artifact, Store } from "../../artifact/types.ts";
import type { Digest } from "../../base/digest.ts";
import { applyObjects, type ApplyAction } from "../../deploy/cluster/apply.ts";
import { getObject } from "../../deploy/cluster/objects.ts";
import { openDataset } from "../../data/open.ts";
import { splitDataset } from "../../data/split.ts";
import { datasetStatus } from "../../data/status.ts";
import { listContent } from "../../image/destinations/content.ts";
import { makeImage } from "../../image/make.ts";
import { nameJob } from "../../kube/training.ts";
import type { ImageSource } from "../../kube/types.ts";
import { isTrained, requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { fetchNeedsRegistry } from "../errors.ts";
import { findChampion, gateStep } from "../gate-step.ts";
import { digestInputs } from "../inputs.ts";
import { createChampionMeter } from "../measure-champion.ts";
import type { WayOptions } from "../types.ts";
import { describeRelease, listReleaseObjects, planServer } from "./deploy-step.ts";
import { diffObjects, type FieldChange } from "./diff.ts";
import { isOnVolume, type ClusterPlace } from "./place.ts";
import { describeImage } from "./publish.ts";
import { findReign } from "./reign.ts";
import { checkSchedule } from "./schedule.ts";
import type { Stores } from "./stores.ts";
import { digestFetched, isFetched } from "./train-way.ts";

export interface PlannedObject {
  kind: string;
  name: string;
  namespace?: string;
  action: ApplyAction;
  changes: readonly FieldChange[];
}

export interface ClusterPlan {
  /** What the way would do, a line for each step that is not done already. */
  steps: readonly string[];
  objects: readonly PlannedObject[];
}

/** Where a training comes before it, nobody can know the image's digest. */
const later = "known-after-training";

/** Writes nothing, here or there. Throws what `up` would throw before it changes anything. */
export async function planOnCluster(
  project: Project,
  place: ClusterPlace,
  stores: Stores,
  options: WayOptions,
): Promise<ClusterPlan> {
  checkSchedule(place);
  const { steps, artifact, store, trains } = await planTraining(project, place, stores, options);
  const image: ImageSource = trains
    ? { reference: later, pull: "IfNotPresent" }
    : await planImage(project, artifact, place, store, options);
  const release = await describeRelease(project, artifact, image, place, stores.shared);
  const { cluster, namespace } = place;
  const { events, live } = await applyObjects(cluster, listReleaseObjects(project, release), {
    project: project.definition.name,
    namespace,
    dryRun: true,
    signal: options.signal,
  });
  const objects = await Promise.all(
    events.map(async ({ ref, action }): Promise<PlannedObject> => {
      const { kind, name, namespace: of } = ref;
      const tried = live.find(({ kind: its, metadata }) => its === kind && metadata.name === name);
      const changes = action === "changed" ? diffObjects(await getObject(cluster, ref), tried) : [];
      const same = action === "changed" && changes.length === 0;
      return { kind, name, ...(of !== undefined && { namespace: of }), action: same ? "unchanged" : action, changes };
    }),
  );
  const { schedule } = place.deploy.train ?? {};
  return { steps: [...steps, ...(schedule === undefined ? [] : [`train at ${schedule}`])], objects };
}

interface PlannedTraining {
  steps: string[];
  artifact: Artifact | undefined;
  /** Where the artifact is. */
  store: Store;
  /** The model is not there yet. */
  trains: boolean;
}

/** What data, train and gate would do. Nothing is trained and no label audited for it; models that are there are asked. */
export async function planTraining(
  project: Project,
  place: ClusterPlace,
  { store, own, shared }: Stores,
  { report, signal, force }: WayOptions,
): Promise<PlannedTraining> {
  if (!isTrained(project.definition)) return { steps: [], artifact: undefined, store, trains: false };
  const definition = requireTraining(project.definition);
  const { name, data } = definition;
  const byJob = (inputs: Digest): string => `train by the Job ${nameJob({ project: name, inputs })}`;
  if (isOnVolume(place)) {
    const known = isFetched(place) ? undefined : await openDataset(data, { root: project.root, report, signal });
    const inputs = known === undefined ? digestFetched(project) : await digestInputs(project, known);
    const reign = await findReign(place, name);
    const trains = force === true || reign?.inputs !== inputs;
    // A followed alias needs no other image: what would be trained shows in the objects by its name alone.
    return { steps: trains ? [byJob(inputs)] : [], artifact: reign?.result.artifact, store, trains: false };
  }
  if (isFetched(place)) {
    if (shared === undefined) throw fetchNeedsRegistry({ context: place.cluster.context });
    const champion = force === true ? undefined : await findChampion(store, name);
    const trains = champion?.lineage.code !== project.codeDigest;
    return {
      steps: trains ? [byJob(digestFetched(project))] : [],
      artifact: trains ? undefined : champion,
      store,
      trains,
    };
  }
  const dataset = await openDataset(data, { root: project.root, report, signal });
  const { state } = datasetStatus(dataset, project.root);
  const steps: string[] = {
    unlocked: ["lock the dataset"],
    differs: ["refuse the dataset: it is not the locked one"],
    same: [],
  }[state];
  const inputs = await digestInputs(project, dataset);
  const here = shared === undefined || place.deploy.train?.on === "here";
  const from = here ? own : store;
  const known = force === true ? undefined : await from.find(name, inputs);
  if (known === undefined)
    return {
      steps: [...steps, here ? "train on this machine" : byJob(inputs)],
      artifact: undefined,
      store,
      trains: true,
    };
  const { train, gate = {}, audit } = definition;
  const split = splitDataset(dataset, { validation: train.validation, seed: train.seed });
  const readModel: Store["readModel"] = (artifact) =>
    (artifact.model.digest === known.model.digest ? from : store).readModel(artifact);
  // Labels are audited by trained models: that is for `up`.
  const { verdict, champion, reigns } = await gateStep(
    { name, gate, ...(typeof audit === "function" && { audit }) },
    known,
    store,
    { measure: createChampionMeter({ dataset, split }, { readModel }, { report, signal }) },
  );
  if (verdict.passed && reigns) return { steps, artifact: known, store: from, trains: false };
  if (typeof audit === "object") steps.push("audit the labels");
  if (verdict.keepsChampion === true && verdict.passed && champion !== undefined) {
    const stays = `keep ${name}@${champion.digest} as the champion: the model is not better by enough`;
    return { steps: [...steps, stays], artifact: champion, store, trains: false };
  }
  const next = verdict.passed
    ? `make ${name}@${known.digest} the champion`
    : "stop at the gate: the model is not good enough";
  return { steps: [...steps, next], artifact: known, store: from, trains: false };
}

async function planImage(
  project: Project,
  artifact: Artifact | undefined,
  place: ClusterPlace,
  store: Store,
  options: WayOptions,
): Promise<ImageSource> {
  const { name, build } = await planServer(project, artifact, store, place, options);
  return describeImage(place, name, listContent(await makeImage(place.platforms, build)).root.digest);
}
