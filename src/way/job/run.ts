/** @file One training in a pod: data, train, and the model into the store. What `up` does on a laptop, from what the environment says. */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { openStore } from "../../artifact/store/layout.ts";
import { openRegistryStore } from "../../artifact/store/registry.ts";
import type { Artifact, Store } from "../../artifact/types.ts";
import type { Digest } from "../../base/digest.ts";
import { openDataset } from "../../data/open.ts";
import { splitDataset } from "../../data/split.ts";
import type { Dataset, DataSource, Split } from "../../data/types.ts";
import { parseImageReference, parsePrefix } from "../../oci/reference.ts";
import { openImage } from "../../oci/repository.ts";
import { requireTraining } from "../../project/training.ts";
import type { Project, ProjectDefinition } from "../../project/types.ts";
import { createClock } from "../clock.ts";
import { describeDataset, describeTraining } from "../describe.ts";
import { relocate } from "../dataset/files.ts";
import { pullDataset } from "../dataset/pull.ts";
import { datasetDiffers } from "../errors.ts";
import { createGateData } from "../gate-data.ts";
import { promoteStep } from "../promote-step.ts";
import { trainStep, type TrainPlace } from "../train-step.ts";
import type { WayOptions } from "../types.ts";
import { trainExperiment } from "./experiment.ts";
import { finish, phasePlaces, prepare, requireCommand } from "./phases.ts";
import type { JobPlace, JobSettings } from "./settings.ts";
import { shareDataset } from "./shared-data.ts";

export interface JobResult {
  /** What was trained; where it was judged here, the champion. */
  artifact: Artifact;
  trained: boolean;
  inputs: Digest;
}

/**
 * Undefined after the phase `prepare`, and after an experiment that is not the last of several. Throws what the steps throw; `datasetDiffers` before
 * anything is trained on other data than was asked for.
 */
export async function runJob(
  settings: JobSettings,
  options: Omit<WayOptions, "resume" | "force">,
): Promise<JobResult | undefined> {
  const { app, root, code, work, promote, phase } = settings;
  await mkdir(work, { recursive: true });
  const { default: definition } = (await import(pathToFileURL(app).href)) as { default: ProjectDefinition };
  const project: Project = { root, configPath: app, definition, codeDigest: code, appPath: app };
  const trained = requireTraining(definition);
  const { data, train } = trained;
  const step = createClock([], options);

  const { dataset, split } = await step("data", async () => {
    const found = await provideDataset(data, settings, options);
    const value = { dataset: found, split: splitDataset(found, { validation: train.validation, seed: train.seed }) };
    return { value, ...describeDataset(found) };
  });
  if (phase === "prepare") {
    await prepare(requireCommand(trained), { dataset, split }, { work, root });
    return undefined;
  }
  const store = await openJobStore(settings, options);
  const { artifact, trained: isNew } = await step("train", async () => {
    const found = await runTraining(project, { dataset, split }, store, settings, options);
    // The last of several experiments tells of all.
    const told = { artifact: found.artifact ?? found.part, trained: found.trained };
    return { value: found, kept: !found.trained, ...describeTraining(told, { dataset, split }) };
  });
  if (artifact === undefined) return undefined;
  const result = { trained: isNew, inputs: artifact.lineage.inputs };
  if (!promote) return { artifact, ...result };
  const known = createGateData(project, { dataset, split }, store, options, join(work, "audit"));
  return { artifact: await promoteStep(definition, artifact, store, step, known), ...result };
}

/** All of it, or one experiment: then `artifact` is the run of all, where this was the last of them. */
async function runTraining(
  project: Project,
  data: { dataset: Dataset; split: Split },
  store: Store,
  { work, inputs, force, phase, experiment: index, run }: JobSettings,
  options: Omit<WayOptions, "resume" | "force">,
): Promise<{ part: Artifact; artifact: Artifact | undefined; trained: boolean }> {
  // A checkpoint of the same inputs is of a try before this one.
  const how = { ...options, resume: true, force };
  if (index !== undefined) {
    const {
      artifact: part,
      whole,
      trained,
    } = await trainExperiment(project, data, store, { index, inputs, run, work }, how);
    return { part, artifact: whole, trained };
  }
  const place: TrainPlace = {
    workspaces: join(work, "runs"),
    ...(inputs !== undefined && { inputs }),
    ...(phase === "finish" && {
      workspace: phasePlaces(work).run,
      run: finish(requireCommand(requireTraining(project.definition))),
    }),
  };
  const { artifact, trained } = await trainStep(project, data, store, how, place);
  return { part: artifact, artifact, trained };
}

function openJobStore(
  { store, insecure }: JobSettings,
  { report }: Pick<WayOptions, "report">,
): Store | Promise<Store> {
  if ("path" in store) return openStore(store.path);
  const { registry } = parsePrefix(store.reference);
  return openRegistryStore(store.reference, { report, insecure: insecure ? [registry] : [] });
}

/** The dataset as the project's source reads it, from where it was put. Its digest is computed from the files themselves. */
async function provideDataset(
  source: DataSource,
  settings: JobSettings,
  options: Pick<WayOptions, "report" | "signal">,
): Promise<Dataset> {
  const { dataset: place, datasetDigest: wanted, root, work, sample, experiment, run, shared } = settings;
  if (place === undefined) {
    const apart = experiment !== undefined && run !== undefined;
    // Fetched by whichever pod is first, so the loader's cache is of all.
    const { fetched } = phasePlaces(apart ? shared : work);
    const fetch = (): Promise<Dataset> => openDataset(source, { root: fetched, sample, ...options });
    if (!apart) return check(await fetch(), wanted);
    const common = { folder: join(shared, "experiments"), run, root: fetched };
    return check(await shareDataset(source, common, fetch, options), wanted);
  }
  const folder = await provideFolder(place, settings, options);
  const open = async (): Promise<Dataset> => {
    const opened = await openDataset(relocate(source, folder), { root, ...options });
    // The settings of the project's own source take part in the run's inputs, the place in this pod does not.
    return check({ ...opened, source } as Dataset, wanted, folder);
  };
  return open();
}

async function provideFolder(
  place: JobPlace,
  { datasetDigest, insecure, work, phase }: JobSettings,
  options: Pick<WayOptions, "report" | "signal">,
): Promise<string> {
  if ("path" in place) return place.path;
  const { registry } = parseImageReference(place.reference);
  const { repository, reference } = openImage(place.reference, { insecure: insecure ? [registry] : [] });
  const folder = phase === undefined ? join(work, "data", reference.slice(-16)) : phasePlaces(work).data;
  // Its digest is computed again all the same: the command could write there.
  if (phase === "finish") return folder;
  // A try before this one may have left it on the volume; it is held against its digest as well.
  if (existsSync(folder)) await rm(folder, { recursive: true });
  await mkdir(dirname(folder), { recursive: true });
  const wanted = datasetDigest === undefined ? {} : { digest: datasetDigest };
  await pullDataset(repository, reference, folder, { ...options, ...wanted });
  return folder;
}

function check(dataset: Dataset, wanted: Digest | undefined, what = dataset.folder): Dataset {
  if (wanted !== undefined && dataset.digest !== wanted) throw datasetDiffers({ what, seen: dataset.digest, wanted });
  return dataset;
}
