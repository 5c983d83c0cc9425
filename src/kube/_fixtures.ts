/** @file Releases and trainings as the five workloads have them, for tests. */
import type { DeployDefinition } from "../project/deploy.ts";
import type { ServerRelease, TrainingRun } from "./types.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

function release(
  project: string,
  port: number,
  deploy: DeployDefinition,
  more: Partial<ServerRelease> = {},
): ServerRelease {
  return {
    project,
    namespace: deploy.namespace ?? project,
    port,
    image: { reference: `localhost:5001/${project}@${digest("a")}`, pull: "IfNotPresent" },
    model: { name: project, digest: digest("b") },
    codeDigest: digest("c"),
    deploy,
    files: {},
    ...more,
  };
}

const digitsDeploy: DeployDefinition = {
  replicas: 2,
  expose: ["loadBalancer", { service: "nodePort", name: "digits-page", port: 80, nodePort: 32_042 }],
  resources: { cpu: "250m", memory: "200Mi" },
  train: { nodes: { training: "allowed" }, volume: { size: "1Gi" } },
};

const marketDeploy: DeployDefinition = {
  expose: { service: "nodePort", nodePort: 30_951 },
  model: { delivery: "registry", alias: "champion" },
  network: { to: [{ namespace: { "kubernetes.io/metadata.name": "mlflow" } }] },
  train: { data: "fetch", schedule: "*/5 * * * *", timeZone: "Europe/Vienna", registrySecret: "registry-login" },
};

const store = { prefix: "10.89.0.1:5001/models", insecure: true };

export const releases: Readonly<Record<string, ServerRelease>> = {
  digits: release("digits", 5000, digitsDeploy, { ownsNamespace: true }),
  intent: release("intent", 6000, {
    scale: { min: 2, max: 4, cpu: 70 },
    expose: { ingress: { class: "traefik", host: "intent.example.com", tlsSecret: "intent-tls" } },
    network: { from: [{ cidr: "10.89.0.1/32" }] },
  }),
  hello: {
    project: "hello",
    namespace: "hello",
    port: 5000,
    image: { reference: `localhost:5001/hello@${digest("a")}`, pull: "IfNotPresent" },
    codeDigest: digest("c"),
    deploy: { expose: "loadBalancer", network: "open" },
    files: {},
  },
  detector: release(
    "detector",
    5000,
    {
      env: {
        COCO_LABELS_PATH: "/etc/detector/coco_labels.txt",
        PORT: "7000",
        SECRET_USERNAME: { secret: "detector-login", key: "username" },
        SECRET_PASSWORD: { secret: "detector-login", key: "password" },
      },
      files: {
        "/etc/detector/coco_labels.txt": { from: "coco_labels.txt" },
        "/etc/detector/key.pem": { secret: "detector-key", key: "tls.key" },
      },
      pullSecrets: ["registry-login"],
      resources: { cpu: "1", memory: "1Gi", gpu: 1, limits: { cpu: "4", memory: "2Gi" } },
      expose: { gateway: { name: "traefik", namespace: "traefik", host: "detector.example.com", path: "/vision" } },
    },
    { files: { "/etc/detector/coco_labels.txt": "1,1,person\n2,2,bicycle\n" } },
  ),
  market: release("market", 8000, marketDeploy, { store }),
  "market-volume": release(
    "market",
    8000,
    {
      ...marketDeploy,
      model: { delivery: "volume", every: 5 },
      train: { ...marketDeploy.train!, volume: { access: "ReadWriteMany", class: "nfs" } },
    },
    { image: { reference: `slipway.local/market:${"a".repeat(12)}`, pull: "Never" }, store: { path: "/volume/store" } },
  ),
};

function run(project: string, deploy: DeployDefinition, more: Partial<TrainingRun> = {}): TrainingRun {
  return {
    project,
    namespace: deploy.namespace ?? project,
    inputs: digest("d"),
    image: { reference: `localhost:5001/${project}-trainer@${digest("e")}`, pull: "IfNotPresent" },
    data: { reference: `10.89.0.1:5001/datasets/${project}@${digest("f")}` },
    store,
    deploy,
    env: { SLIPWAY_PROJECT: project },
    ...more,
  };
}

export const runs: Readonly<Record<string, TrainingRun>> = {
  digits: run("digits", digitsDeploy, { ownsNamespace: true }),
  "digits-volume": run(
    "digits",
    { ...digitsDeploy, train: { ...digitsDeploy.train!, volume: { claim: "weights" } } },
    { data: { path: "/volume/data" }, store: { path: "/volume/store" } },
  ),
  "market-experiments": run("market", marketDeploy, { completions: 3 }),
  "own-image": run(
    "shapes",
    {
      train: {
        image: "registry.example.com/torch:2",
        resources: { gpu: 1, memory: "8Gi" },
        retries: 0,
        deadline: 600,
        keep: 60,
      },
    },
    { command: ["python3", "train.py"] },
  ),
};

export const schedules: Readonly<Record<string, TrainingRun>> = { market: run("market", marketDeploy) };

/** Releases with a training by the clock: models in a registry; on a volume that both use; a program in an image of its own. */
export const scheduled: Readonly<Record<string, { release: ServerRelease; run: TrainingRun }>> = {
  market: { release: releases["market"]!, run: schedules["market"]! },
  "market-volume": {
    release: releases["market-volume"]!,
    run: run("market", releases["market-volume"]!.deploy, {
      store: { path: "/volume/store" },
      image: { reference: `slipway.local/market:${"e".repeat(12)}`, pull: "Never" },
      completions: 3,
    }),
  },
  "own-image": {
    release: releases["market"]!,
    run: run(
      "market",
      {
        ...marketDeploy,
        train: { ...marketDeploy.train!, image: "registry.example.com/torch:2", resources: { gpu: 1 } },
      },
      { command: ["python3", "train.py"] },
    ),
  },
};
