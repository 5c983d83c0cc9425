/** @file The Job of a training, and its pod. */
import { exitCodes } from "../base/errors.ts";
import { toEnv } from "./environment.ts";
import { toLabels } from "./labels.ts";
import type { Place } from "./place.ts";
import {
  type Mount,
  pullWith,
  registryLogin,
  scratch,
  secureContainer,
  securePod,
  selectNodes,
  type Volume,
} from "./pod.ts";
import { toRequirements } from "./resources.ts";
import { domain, type KubeObject, type TrainingRun } from "./types.ts";
import { mountVolume, nameClaim } from "./volume.ts";

/** Where the phases of a training hand each other files. */
export const workspacePath = "/workspace";
/** Where a foreign image finds the project's own files: its command runs there. */
export const codePath = `${workspacePath}/project`;
/** Container whose logs are the training's progress, and whose exit code is its end. */
export const trainerContainer = "trainer";
/** With an image of the user's own: fetches the data before it. */
export const prepareContainer = "prepare";

/** What a training asks for where the project says nothing. */
export const trainerDefaults = { cpu: "500m", memory: "1Gi" };

/** Another try would end in the same way: what the project says, its data, its gate. */
const finalExits: readonly number[] = [exitCodes.usage, exitCodes.data, exitCodes.gate];

const day = 86_400;

export function makeJob(place: Place, run: TrainingRun, account: string): KubeObject {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...place, annotations: { [`${domain}/inputs`]: run.inputs } },
    spec: { ...specifyJob(run, account), ttlSecondsAfterFinished: run.deploy.train?.keep ?? day },
  };
}

/** What a Job and a CronJob's template have in common. */
export function specifyJob(run: TrainingRun, account: string): Record<string, unknown> {
  const { retries = 2, deadline = day / 4 } = run.deploy.train ?? {};
  return {
    ...limitTries(run.completions, retries),
    activeDeadlineSeconds: deadline,
    podFailurePolicy: { rules: [ignoreDisruptions, ...giveUp(run)] },
    template: {
      metadata: { labels: toLabels(run.project, "trainer"), annotations: { [`${domain}/inputs`]: run.inputs } },
      spec: makePod(run, account),
    },
  };
}

/** Evicted, preempted, its node gone: not the training's fault, so not one of its tries. */
const ignoreDisruptions = { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] };

/** Our own containers' exit codes have a meaning; those of a foreign one may be anything. */
function giveUp({ completions, deploy }: TrainingRun): object[] {
  const own = deploy.train?.image === undefined ? [trainerContainer] : [prepareContainer, trainerContainer];
  return own.map((containerName) => ({
    action: completions === undefined ? "FailJob" : "FailIndex",
    onExitCodes: { containerName, operator: "In", values: finalExits },
  }));
}

/** Experiments are tried again one by one: one that cannot be trained does not take the others with it. */
function limitTries(completions: number | undefined, retries: number): Record<string, unknown> {
  if (completions === undefined) return { backoffLimit: retries };
  return { completionMode: "Indexed", completions, parallelism: completions, backoffLimitPerIndex: retries };
}

/** Pods of one Job know each other by it. */
const nameRun = {
  name: "SLIPWAY_RUN",
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" } },
};

function makePod(run: TrainingRun, account: string): Record<string, unknown> {
  const train = run.deploy.train ?? {};
  const { volumes, mounts, env } = provide(run);
  const ours = { name: trainerContainer, image: run.image.reference, imagePullPolicy: run.image.pull };
  const make = (container: object, phase: string | undefined) => ({
    ...container,
    env: [
      ...toEnv({ ...train.env, ...run.env, ...env, ...(phase !== undefined && { SLIPWAY_JOB_PHASE: phase }) }),
      ...(run.completions === undefined ? [] : [nameRun]),
    ],
    resources: toRequirements(train.resources, trainerDefaults),
    ...secureContainer(),
    volumeMounts: mounts,
  });
  const foreign = {
    name: "command",
    image: train.image,
    imagePullPolicy: "IfNotPresent",
    command: run.command,
    workingDir: codePath,
  };
  return {
    // Each try is a new pod, so that the logs of those that failed stay.
    restartPolicy: "Never",
    serviceAccountName: account,
    ...securePod(),
    ...pullWith(run.deploy.pullSecrets),
    ...selectNodes(train.nodes),
    // The trainer keeps its checkpoint when it is told to stop.
    terminationGracePeriodSeconds: 30,
    ...(train.image === undefined
      ? { containers: [make(ours, undefined)] }
      : {
          initContainers: [make({ ...ours, name: prepareContainer }, "prepare"), make(foreign, "command")],
          containers: [make(ours, "finish")],
        }),
    volumes,
  };
}

function provide({ project, deploy, data, store }: TrainingRun): {
  volumes: readonly Volume[];
  mounts: readonly Mount[];
  env: Record<string, string>;
} {
  const { volume, registrySecret = deploy.pullSecrets?.[0] } = deploy.train ?? {};
  const needsVolume = volume !== undefined || "path" in store || (data !== undefined && "path" in data);
  const parts = [
    scratch("tmp", "/tmp", "1Gi"),
    scratch("workspace", workspacePath, "16Gi"),
    ...(needsVolume ? [mountVolume(nameClaim(project, volume ?? {})!)] : []),
  ];
  const login = registrySecret === undefined ? undefined : registryLogin(registrySecret);
  return {
    volumes: [...parts.map((part) => part.volume), ...(login === undefined ? [] : [login.volume])],
    mounts: [...parts.map((part) => part.mount), ...(login === undefined ? [] : [login.mount])],
    env: { HOME: "/tmp", SLIPWAY_WORKSPACE: workspacePath, ...login?.env },
  };
}
