/** @file What `up` would do on a cluster, tried there without changing anything. */
import type { Artifact } from "../../artifact/types.ts";
import { applyObjects, type ApplyAction } from "../../deploy/cluster/apply.ts";
import { getObject } from "../../deploy/cluster/objects.ts";
import { openDataset } from "../../data/open.ts";
import { datasetStatus } from "../../data/status.ts";
import { listContent } from "../../image/destinations/content.ts";
import { toServerObjects } from "../../kube/server.ts";
import { nameJob } from "../../kube/training.ts";
import type { ImageSource } from "../../kube/types.ts";
import { isTrained, requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { gateStep } from "../gate-step.ts";
import { digestInputs } from "../inputs.ts";
import type { WayOptions } from "../types.ts";
import { describeRelease, planServer } from "./deploy-step.ts";
import { diffObjects, type FieldChange } from "./diff.ts";
import type { ClusterPlace } from "./place.ts";
import { describeImage, makeImage } from "./publish.ts";
import type { Stores } from "./stores.ts";

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
  const { steps, artifact, trains } = await planTraining(project, place, stores, options);
  const image = trains
    ? ({ ...describeImage(place, project.definition.name, "sha256:"), reference: later } satisfies ImageSource)
    : await planImage(project, artifact, place, stores, options);
  const release = await describeRelease(project, artifact, image, place, stores.shared);
  const { cluster, namespace } = place;
  const { events, live } = await applyObjects(cluster, toServerObjects(release), {
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
  return { steps, objects };
}

async function planTraining(
  project: Project,
  place: ClusterPlace,
  { store, own, shared }: Stores,
  { report, signal, force }: WayOptions,
): Promise<{ steps: string[]; artifact: Artifact | undefined; trains: boolean }> {
  if (!isTrained(project.definition)) return { steps: [], artifact: undefined, trains: false };
  const definition = requireTraining(project.definition);
  const { name, data } = definition;
  const dataset = await openDataset(data, { root: project.root, report, signal });
  const { state } = datasetStatus(dataset, project.root);
  const steps =
    state === "unlocked"
      ? ["lock the dataset"]
      : state === "differs"
        ? ["refuse the dataset: it is not the locked one"]
        : [];
  const inputs = await digestInputs(project, dataset);
  const known = force === true ? undefined : ((await store.find(name, inputs)) ?? (await own.find(name, inputs)));
  if (known === undefined) {
    const here = shared === undefined || place.deploy.train?.on === "here";
    steps.push(here ? "train on this machine" : `train by the Job ${nameJob({ project: name, inputs })}`);
    return { steps, artifact: undefined, trains: true };
  }
  const { verdict, reigns } = await gateStep(definition, known, store);
  if (!verdict.passed) steps.push("stop at the gate: the model is not good enough");
  else if (!reigns) steps.push(`make ${name}@${known.digest} the champion`);
  return { steps, artifact: known, trains: false };
}

async function planImage(
  project: Project,
  artifact: Artifact | undefined,
  place: ClusterPlace,
  { store }: Stores,
  options: WayOptions,
): Promise<ImageSource> {
  const { name, build } = await planServer(project, artifact, store, place, options);
  return describeImage(place, name, listContent(await makeImage(place, build)).root.digest);
}
