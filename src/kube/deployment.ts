/** @file The Deployment of a serving release, and its pods. */
import { digestOfJson } from "../base/digest.ts";
import { type Environment, pickSecrets, pickTexts, toEnv } from "./environment.ts";
import { type Files, toFiles } from "./files.ts";
import { toLabels, toSelector } from "./labels.ts";
import { shortHash } from "./names.ts";
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
import { portName } from "./service.ts";
import { drainDeadlineMs, drainDelayMs, graceSeconds, livePath, probes, readyPath } from "./timing.ts";
import { domain, type KubeObject, type ServerRelease } from "./types.ts";
import { mountVolume } from "./volume.ts";

/** What the Deployment refers to by name; all of them exist before it is applied. */
export interface DeploymentNames {
  account: string;
  /** ConfigMap of the environment, and of the files. */
  env: string;
  files: string;
  /** PersistentVolumeClaim, with `model.delivery: "volume"`. */
  claim: string;
}

/** What a server asks for where the project says nothing: enough for a small model under load. */
export const serverDefaults = { cpu: "100m", memory: "256Mi" };

export function makeDeployment(place: Place, release: ServerRelease, names: DeploymentNames): KubeObject {
  const { project, deploy } = release;
  const selector = toSelector(project, "server");
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...place, annotations: describe(release) },
    spec: {
      // Where an autoscaler decides, we must not: each apply would set its number back.
      ...(deploy.scale === undefined && { replicas: deploy.replicas ?? 1 }),
      selector: { matchLabels: selector },
      // A pod goes only when another has taken its place.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      // A pod that dies at once does not count as one that came up.
      minReadySeconds: 1,
      revisionHistoryLimit: 5,
      progressDeadlineSeconds: 600,
      template: {
        metadata: { labels: toLabels(project, "server"), annotations: annotatePods(release) },
        spec: makePod(release, names, selector),
      },
    },
  };
}

function makePod(
  release: ServerRelease,
  names: DeploymentNames,
  selector: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const { deploy, image } = release;
  const files = toFiles(deploy.files ?? {}, release.files, names.files);
  const model = deliverModel(release, names.claim);
  const user = deploy.env ?? {};
  const ours = { ...ownSettings(release), ...model.env };
  const texts = pickTexts(user);
  const temporary = scratch("tmp", "/tmp", "64Mi");
  const port = servingPort(release);
  const look = (path: string, timing: object) => ({ httpGet: { path, port: portName }, ...timing });
  return {
    serviceAccountName: names.account,
    ...securePod(port),
    ...pullWith(deploy.pullSecrets),
    ...selectNodes(deploy.nodes),
    terminationGracePeriodSeconds: graceOf(user),
    topologySpreadConstraints: spreadOverNodes(selector),
    containers: [
      {
        name: "server",
        image: image.reference,
        imagePullPolicy: image.pull,
        ports: [{ name: portName, containerPort: port, protocol: "TCP" }],
        env: toEnv({ ...ours, ...pickSecrets(user) }),
        ...(Object.keys(texts).length > 0 && { envFrom: [{ configMapRef: { name: names.env } }] }),
        resources: toRequirements(deploy.resources, serverDefaults),
        startupProbe: look(livePath, probes.startup),
        readinessProbe: look(readyPath, probes.readiness),
        livenessProbe: look(livePath, probes.liveness),
        ...secureContainer(),
        volumeMounts: [temporary.mount, ...model.mounts, ...files.mounts],
      },
    ],
    volumes: [temporary.volume, ...model.volumes, ...files.volumes],
  };
}

/** `PORT` in the project's environment goes before `serve.port`, as everywhere. */
export function servingPort({ port, deploy }: Pick<ServerRelease, "port" | "deploy">): number {
  const said = deploy.env?.["PORT"];
  return typeof said === "string" && said !== "" ? Number(said) : port;
}

/** The project's own environment goes first; a variable in `env` would hide the ConfigMap's. */
function ownSettings(release: ServerRelease): Environment {
  const settings: Environment = {
    HOST: "0.0.0.0",
    // When it became ready, which model it took, when it was told to stop: a few lines a day, which `kubectl logs` is asked for.
    SLIPWAY_LOG: "info",
    PORT: String(servingPort(release)),
    SLIPWAY_DRAIN_DELAY_MS: String(drainDelayMs),
    SLIPWAY_DRAIN_DEADLINE_MS: String(drainDeadlineMs),
  };
  return Object.fromEntries(Object.entries(settings).filter(([name]) => release.deploy.env?.[name] === undefined));
}

function graceOf(env: Environment): number {
  const read = (name: string, usual: number): number => {
    const said = env[name];
    return typeof said === "string" && /^\d+$/.test(said) ? Number(said) : usual;
  };
  return graceSeconds(read("SLIPWAY_DRAIN_DELAY_MS", drainDelayMs), read("SLIPWAY_DRAIN_DEADLINE_MS", drainDeadlineMs));
}

interface Delivery {
  env: Record<string, string>;
  volumes: readonly Volume[];
  mounts: readonly Mount[];
}

/** In the image it is there already; else the server is told where to look, and how often. */
function deliverModel({ project, model, store, deploy }: ServerRelease, claim: string): Delivery {
  const { delivery = "image", alias = "champion", every = 10 } = deploy.model ?? {};
  if (delivery === "image" || store === undefined) return { env: {}, volumes: [], mounts: [] };
  const follow = { SLIPWAY_FOLLOW: `${model?.name ?? project}:${alias}`, SLIPWAY_FOLLOW_SECONDS: String(every) };
  if ("path" in store) {
    const { volume, mount } = mountVolume(claim);
    return {
      env: { ...follow, SLIPWAY_STORE: store.path },
      volumes: [volume],
      // The server only reads; what trains writes.
      mounts: [{ ...mount, readOnly: true }],
    };
  }
  // What was pulled stays through a restart of the container: it starts from its last good copy when the registry is away.
  const copy = scratch("cache", "/cache", "2Gi");
  const login = deploy.pullSecrets?.[0] === undefined ? undefined : registryLogin(deploy.pullSecrets[0]);
  return {
    env: {
      ...follow,
      SLIPWAY_REGISTRY: store.prefix,
      ...(store.insecure && { SLIPWAY_REGISTRY_INSECURE: "1" }),
      SLIPWAY_CACHE: copy.mount.mountPath,
      ...login?.env,
    },
    volumes: [copy.volume, ...(login === undefined ? [] : [login.volume])],
    mounts: [copy.mount, ...(login === undefined ? [] : [login.mount])],
  };
}

/**
 * Over nodes, as far as it goes: a pod that finds no better place still starts. Zones are left out on purpose: one constraint whose label
 * a node lacks takes that node out of the scoring of all of them. Only pods of the same revision count, or a rollout would lean to one side.
 */
function spreadOverNodes(selector: Readonly<Record<string, string>>): object[] {
  return [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
      matchLabelKeys: ["pod-template-hash"],
    },
  ];
}

/** Where it comes from, for people and for whoever asks what runs. */
function describe({ model, codeDigest }: ServerRelease): Record<string, string> {
  return {
    [`${domain}/code`]: codeDigest,
    ...(model !== undefined && { [`${domain}/model`]: `${model.name}@${model.digest}` }),
  };
}

/** What changes here replaces every pod: with a followed alias, a new model must not. */
function annotatePods(release: ServerRelease): Record<string, string> {
  const { model, deploy } = release;
  const { delivery = "image", alias = "champion" } = deploy.model ?? {};
  const config: Pick<Files, "data"> & { env: object } = {
    data: toFiles(deploy.files ?? {}, release.files, "").data,
    env: pickTexts(deploy.env ?? {}),
  };
  const isConfigured = Object.keys(config.data).length + Object.keys(config.env).length > 0;
  return {
    ...(model !== undefined && {
      [`${domain}/model`]: delivery === "image" ? `${model.name}@${model.digest}` : `${model.name}:${alias}`,
    }),
    // A ConfigMap's new content reaches running pods late or, as environment and single files, never.
    ...(isConfigured && { [`${domain}/config`]: shortHash(digestOfJson(config)) }),
  };
}
