/** @file All objects of a training: once, or by a schedule. */
import { parseImageReference, parsePrefix } from "../oci/reference.ts";
import { makeCronJob } from "./cron-job.ts";
import { makeJob } from "./job.ts";
import { toSelector } from "./labels.ts";
import { longestCronJob, shortHash, toObjectName } from "./names.ts";
import { makeNamespace } from "./namespace.ts";
import { makeNetworkPolicy, type Registry } from "./network-policy.ts";
import { makePersistentVolumeClaim } from "./persistent-volume-claim.ts";
import { type Place, placeOf } from "./place.ts";
import { makeServiceAccount } from "./service-account.ts";
import type { KubeObject, TrainingRun } from "./types.ts";

/** `digits-train-0123456789ab`: by the digest of the inputs, so that the same is not trained twice at once. */
export function nameJob({ project, inputs }: Pick<TrainingRun, "project" | "inputs">): string {
  return toObjectName(project, `train-${shortHash(inputs)}`);
}

export function nameCronJob(project: string): string {
  return toObjectName(project, "train", longestCronJob);
}

/** In the order to apply them; the Job comes last. */
export function toTrainingObjects(run: TrainingRun): KubeObject[] {
  const place = placeOf(run, "trainer", "train");
  return [...surround(run, place), makeJob({ ...place, name: nameJob(run) }, run, place.name)];
}

/** In the order to apply them; the CronJob comes last. Empty where the project has no schedule. */
export function toCronObjects(run: TrainingRun): KubeObject[] {
  const schedule = run.deploy.train?.schedule;
  if (schedule === undefined) return [];
  const place = placeOf(run, "trainer", "train");
  return [
    ...surround(run, place),
    makeCronJob({ ...place, name: nameCronJob(run.project) }, run, place.name, schedule),
  ];
}

/** The same for every training of a project. */
function surround(run: TrainingRun, place: Place): KubeObject[] {
  const { project, namespace, deploy } = run;
  const volume = deploy.train?.volume;
  const needsVolume = volume !== undefined || "path" in run.store || (run.data !== undefined && "path" in run.data);
  return [
    ...(run.ownsNamespace === true ? [makeNamespace(namespace)] : []),
    makeServiceAccount(place),
    ...(needsVolume && volume?.claim === undefined
      ? [makePersistentVolumeClaim(placeOf(run, undefined, "volume"), volume ?? {})]
      : []),
    ...(deploy.network === "open" ? [] : [isolate(run, place, toSelector(project, "trainer"))]),
  ];
}

/** Nobody may come in: a trainer listens to nothing. */
function isolate(run: TrainingRun, place: Place, selector: Readonly<Record<string, string>>): KubeObject {
  const { network, train } = run.deploy;
  const insecure = "prefix" in run.store && run.store.insecure;
  const hosts = [
    ...("prefix" in run.store ? [parsePrefix(run.store.prefix).registry] : []),
    ...(run.data !== undefined && "reference" in run.data ? [parseImageReference(run.data.reference).registry] : []),
  ];
  const registries: Registry[] = [...new Set(hosts)].map((host) => ({ host, insecure }));
  const said = network === "open" ? undefined : network?.to;
  return makeNetworkPolicy(place, {
    selector,
    registries,
    to: said ?? (train?.data === "fetch" ? "everywhere" : undefined),
  });
}
