/** @file What a training pod needs, sent to where pods find it, and the pod's settings. */
import { statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import type { Digest } from "../../base/digest.ts";
import type { Dataset } from "../../data/types.ts";
import { buildTrainer } from "../../image/build-trainer.ts";
import type { CodeFile } from "../../image/parts/trainer.ts";
import { workspacePath } from "../../kube/job.ts";
import type { TrainingRun } from "../../kube/types.ts";
import { volumePath } from "../../kube/volume.ts";
import { openRepository } from "../../oci/repository.ts";
import { requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { listDatasetFiles } from "../dataset/files.ts";
import { pushDataset } from "../dataset/push.ts";
import { listCode } from "../inputs.ts";
import { describePhases, requireCommand } from "../job/phases.ts";
import type { WayOptions } from "../types.ts";
import { registryOptions, requireInside, type ClusterPlace, type SharedStore } from "./place.ts";
import { publishImage } from "./publish.ts";

export interface RunSubject {
  /** Digest of the run's inputs: with the dataset's, as far as that is known here. */
  inputs: Digest;
  /** Undefined: the pod fetches it. */
  dataset?: Dataset;
}

/** Pushes the dataset and the trainer's image side by side: nothing of either where the registry has it. */
export async function prepareRun(
  project: Project,
  { inputs, dataset }: RunSubject,
  place: ClusterPlace,
  store: SharedStore["inside"],
  options: WayOptions,
): Promise<TrainingRun> {
  const { name } = project.definition;
  const [data, { source: image }] = await Promise.all([
    dataset === undefined ? undefined : sendDataset(project, dataset, place, options),
    sendTrainer(project, place, options),
  ]);
  const { deploy } = place;
  const { image: foreign, volume } = deploy.train ?? {};
  const trainer = foreign === undefined ? undefined : requireCommand(requireTraining(project.definition));
  return {
    project: name,
    namespace: place.namespace,
    ownsNamespace: place.ownsNamespace,
    inputs,
    image,
    store,
    // A pod that fetches its data reaches more than the registry.
    deploy: data === undefined ? { ...deploy, train: { ...deploy.train, data: "fetch" } } : deploy,
    ...(data !== undefined && { data: { reference: data } }),
    ...(trainer !== undefined && { command: trainer.command }),
    env: {
      // Fetched data give the run its inputs when they are there.
      ...(dataset !== undefined && { SLIPWAY_INPUTS: inputs, SLIPWAY_DATASET_DIGEST: dataset.digest }),
      ...(data !== undefined && { SLIPWAY_DATASET: data }),
      SLIPWAY_STORE: store.prefix,
      ...(store.insecure && { SLIPWAY_REGISTRY_INSECURE: "1" }),
      // What is handed from container to container is of one pod.
      ...(volume !== undefined && foreign === undefined && { SLIPWAY_WORK: `${volumePath}/work` }),
      ...(trainer !== undefined && describePhases(trainer, workspacePath, data === undefined)),
      ...(options.force === true && { SLIPWAY_FORCE: "1" }),
    },
  };
}

/** The dataset as pods name it; undefined where the source reads for itself. */
async function sendDataset(
  { root, definition }: Project,
  dataset: Dataset,
  place: ClusterPlace,
  { report, signal }: WayOptions,
): Promise<string | undefined> {
  if (place.delivery.kind !== "registry") return undefined;
  const files = await listDatasetFiles(dataset, root);
  if (files === undefined) return undefined;
  const path = `datasets/${definition.name}`;
  const repository = openRepository(`${place.delivery.push}/${path}`, registryOptions(place));
  const { digest } = await pushDataset(repository, definition.name, files, { report, signal });
  return `${requireInside(place)}/${path}@${digest}`;
}

async function sendTrainer(project: Project, place: ClusterPlace, options: WayOptions) {
  const { name, train, data } = requireTraining(project.definition);
  const folder = "path" in data ? resolve(project.root, data.path) : project.root;
  const code = train.kind === "command" ? await describeCode(project.root, folder) : [];
  const { report } = options;
  return publishImage(
    place,
    {
      name,
      tag: `train-${project.codeDigest.slice("sha256:".length, "sha256:".length + 12)}`,
      build: (platform) => buildTrainer(platform, { project, code, base: "host", report }),
    },
    options,
  );
}

async function describeCode(root: string, data: string): Promise<CodeFile[]> {
  return (await listCode(root, data)).map((file) => ({
    path: relative(root, file).split(sep).join("/"),
    file,
    executable: (statSync(file).mode & 0o111) !== 0,
  }));
}
