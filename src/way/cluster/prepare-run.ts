/** @file What a training pod needs, sent to where pods find it, and the pod's settings. */
import { dirname, join } from "node:path";
import type { Digest } from "../../base/digest.ts";
import { readLock } from "../../data/lock.ts";
import type { DataSource, Dataset } from "../../data/types.ts";
import { dataFolder } from "../../image/parts/trainer.ts";
import { workspacePath } from "../../kube/job.ts";
import type { ImageSource, TrainingRun } from "../../kube/types.ts";
import { volumePath } from "../../kube/volume.ts";
import { openRepository } from "../../oci/repository.ts";
import { requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import { listDatasetFiles } from "../dataset/files.ts";
import { pushDataset, type PushableDataset } from "../dataset/push.ts";
import { describePhases, requireCommand } from "../job/phases.ts";
import type { WayOptions } from "../types.ts";
import { isOnVolume, registryOptions, requireInside, type ClusterPlace, type SharedStore } from "./place.ts";
import { publishImage } from "./publish.ts";
import { planTrainer } from "./trainer.ts";

export interface RunSubject {
  /** Digest of the run's inputs: with the dataset's, as far as that is known here. */
  inputs: Digest;
  /** Undefined: the pod fetches it. */
  dataset?: Dataset;
}

/** Where pods keep models: in a registry, or in a folder of the volume. */
export type StoreForPods = SharedStore["inside"] | { path: string };

/** Pushes the dataset and the trainer's image side by side: nothing of either where the registry has it. */
export async function prepareRun(
  project: Project,
  subject: RunSubject,
  place: ClusterPlace,
  store: StoreForPods,
  options: WayOptions,
): Promise<TrainingRun> {
  const { dataset } = subject;
  const { delivery } = place;
  const files = await listFiles(project, dataset, place);
  // Without a registry the dataset is a layer of the trainer's image.
  const layer = delivery.kind === "import" ? files : undefined;
  const [sent, { source: image }] = await Promise.all([
    files === undefined || layer !== undefined ? undefined : sendDataset(project, files, place, options),
    publishImage(place, await planTrainer(project, { base: place.base, report: options.report, layer }), options),
  ]);
  const data = sent ?? (layer === undefined ? undefined : dataFolder);
  const insecure = delivery.kind === "registry" && delivery.insecure;
  return describeRun(project, subject, place, { store, image, data, insecure }, options);
}

export interface RunSources {
  store: StoreForPods;
  image: ImageSource;
  /** The dataset as pods name it: a reference, or a folder of the image. Undefined: it is on the volume, or the pod fetches it. */
  data?: string | undefined;
  /** Registries are spoken to in plain HTTP. */
  insecure: boolean;
}

/** The training as objects are made of it. Nothing is sent. */
export function describeRun(
  project: Project,
  subject: RunSubject,
  place: Pick<ClusterPlace, "namespace" | "ownsNamespace" | "deploy">,
  { store, image, data: sent, insecure }: RunSources,
  options: Pick<WayOptions, "force" | "sample"> = {},
): TrainingRun {
  const { inputs, dataset } = subject;
  const { deploy } = place;
  const onVolume =
    deploy.train?.data === "volume" ? placeOnVolume(requireTraining(project.definition).data) : undefined;
  const data = sent ?? onVolume;
  const { image: foreign } = deploy.train ?? {};
  const trainer = foreign === undefined ? undefined : requireCommand(requireTraining(project.definition));
  const locked = onVolume === undefined ? undefined : readLock(project.root)?.digest;
  const completions = countPods(project, subject, place);
  return {
    project: project.definition.name,
    namespace: place.namespace,
    ownsNamespace: place.ownsNamespace,
    inputs,
    image,
    store,
    // A pod that fetches its data reaches more than the registry.
    deploy: data === undefined ? { ...deploy, train: { ...deploy.train, data: "fetch" } } : deploy,
    ...(sent !== undefined && sent !== dataFolder && { data: { reference: sent } }),
    ...(onVolume !== undefined && { data: { path: onVolume } }),
    ...(trainer !== undefined && { command: trainer.command }),
    ...(completions !== undefined && { completions }),
    env: {
      // Fetched data give the run its inputs when they are there.
      ...(dataset !== undefined && { SLIPWAY_INPUTS: inputs, SLIPWAY_DATASET_DIGEST: dataset.digest }),
      ...(locked !== undefined && { SLIPWAY_DATASET_DIGEST: locked }),
      ...(data !== undefined && { SLIPWAY_DATASET: data }),
      // Where only pods see the store, nobody else can judge what is in it.
      ...("path" in store ? { SLIPWAY_STORE: store.path, SLIPWAY_PROMOTE: "1" } : { SLIPWAY_STORE: store.prefix }),
      // Data may come from a registry where models do not.
      ...(insecure && { SLIPWAY_REGISTRY_INSECURE: "1" }),
      // What is handed from container to container is of one pod.
      ...(hasVolume(place) && foreign === undefined && { SLIPWAY_WORK: `${volumePath}/work` }),
      ...(trainer !== undefined && describePhases(trainer, workspacePath, data === undefined)),
      ...(options.force === true && { SLIPWAY_FORCE: "1" }),
      ...(options.sample === true && dataset === undefined && { SLIPWAY_SAMPLE: "1" }),
    },
  };
}

/**
 * How many pods train experiments, one each; undefined: one pod trains all there is. Pods that fetch their data need a volume, to have the same: without
 * one, one pod fetches for all.
 */
export function countPods(
  { definition }: Pick<Project, "definition">,
  { dataset }: Pick<RunSubject, "dataset">,
  place: Pick<ClusterPlace, "deploy">,
): number | undefined {
  const { train } = requireTraining(definition);
  if (train.kind !== "experiments") return undefined;
  return dataset !== undefined || hasVolume(place) ? train.trainers.length : undefined;
}

function hasVolume({ deploy }: Pick<ClusterPlace, "deploy">): boolean {
  return deploy.train?.volume !== undefined || isOnVolume({ deploy });
}

/** Undefined where the pod finds its data without us: on the volume, or by fetching them. */
async function listFiles(
  { root }: Project,
  dataset: Dataset | undefined,
  { deploy }: ClusterPlace,
): Promise<PushableDataset | undefined> {
  return dataset === undefined || deploy.train?.data === "volume" ? undefined : listDatasetFiles(dataset, root);
}

/** The project's own path, below the volume's root. A file's is the folder that it lies in. */
function placeOnVolume(source: DataSource): string | undefined {
  if (source.kind === "imageFolder" || source.kind === "coco") return join(volumePath, source.path);
  if (source.kind === "jsonl" || source.kind === "csv" || source.kind === "file")
    return dirname(join(volumePath, source.path));
  return source.kind === "idx" ? dirname(join(volumePath, source.images)) : undefined;
}

/** The dataset as pods name it. */
async function sendDataset(
  { definition }: Project,
  files: PushableDataset,
  place: ClusterPlace,
  { report, signal }: WayOptions,
): Promise<string | undefined> {
  if (place.delivery.kind !== "registry") return undefined;
  const path = `datasets/${definition.name}`;
  const repository = openRepository(`${place.delivery.push}/${path}`, registryOptions(place));
  const { digest } = await pushDataset(repository, definition.name, files, { report, signal });
  return `${requireInside(place)}/${path}@${digest}`;
}
