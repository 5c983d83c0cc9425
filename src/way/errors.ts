import { defineError, exitCodes } from "../base/errors.ts";

export const auditThrew = defineError<{ name: string; reason: string }>("SLIPWAY_WAY_AUDIT_THREW", {
  message: ({ name, reason }) => `the audit of ${name} threw: ${reason}`,
  mend: () => "Correct `audit` in slipway.config.ts: it gives a list of findings, and throws for none of them.",
  exit: exitCodes.gate,
});

export const verifyFailed = defineError<{ url: string; failures: readonly string[]; failed: number; count: number }>(
  "SLIPWAY_WAY_VERIFY_FAILED",
  {
    message: ({ url, failures, failed, count }) =>
      `${failed} of ${count} requests to ${url} failed:\n${failures.map((failure) => `  ${failure}`).join("\n")}`,
    mend: () => "The answers above say what was refused. The model is stored; `slipway up` verifies it again.",
    exit: exitCodes.target,
  },
);

export const verifyDiffers = defineError<{ url: string; correct: number; wanted: number; count: number }>(
  "SLIPWAY_WAY_VERIFY_DIFFERS",
  {
    message: ({ url, correct, wanted, count }) =>
      `${url} labels ${correct} of ${count} validation images correctly, its own training run ${wanted}`,
    mend: () =>
      "The endpoint does not see what the training saw. Check that `output` of the route names the label, then `slipway up --force`.",
    exit: exitCodes.target,
  },
);

export const verifyFindsOther = defineError<{ url: string; seen: number; wanted: number; count: number }>(
  "SLIPWAY_WAY_VERIFY_FINDS_OTHER",
  {
    message: ({ url, seen, wanted, count }) =>
      `${url} finds boxes in ${count} validation images with a mean average precision of ${seen.toFixed(4)}, its own training run of ${wanted.toFixed(4)}`,
    mend: () =>
      "The endpoint does not see what the training saw. Check that `output` of the route hands on labels, scores and boxes, then `slipway up --force`.",
    exit: exitCodes.target,
  },
);

export const verifyOtherModel = defineError<{ url: string; seen: string; wanted: string }>(
  "SLIPWAY_WAY_VERIFY_OTHER_MODEL",
  {
    message: ({ url, seen, wanted }) => `${url} answers from ${seen}, wanted ${wanted}`,
    mend: () => "Another program may have moved the champion meanwhile; run `slipway up` again.",
    exit: exitCodes.target,
  },
);

export const loginForbidden = defineError<{
  project: string;
  secret: string;
  namespace: string;
  context: string;
  variables: readonly string[];
  check: string;
}>("SLIPWAY_WAY_LOGIN_FORBIDDEN", {
  message: ({ project, secret, namespace, context }) =>
    `the endpoint of ${project} wants a login, and ${context} does not let you read it: get Secret ${secret} in namespace ${namespace} is forbidden (403)`,
  mend: ({ variables, check }) =>
    `Set ${variables.join(" and ")} here to the login, or ask the cluster's administrator for a Role that allows it. To check: ${check}`,
  exit: exitCodes.target,
});

export const projectTooLarge = defineError<{ root: string; limit: number }>("SLIPWAY_WAY_PROJECT_TOO_LARGE", {
  message: ({ root, limit }) => `${root} holds more than ${limit} files beside its data, wanted the code of a trainer`,
  mend: () => "Move what is not code out of the project's folder, or into a folder whose name starts with a dot.",
  exit: exitCodes.usage,
});

export const datasetArtifactMissing = defineError<{ reference: string }>("SLIPWAY_WAY_DATASET_MISSING", {
  message: ({ reference }) => `there is no dataset ${reference}`,
  mend: () => "Run `slipway up` again: it pushes the dataset where the registry lacks it.",
  exit: exitCodes.data,
});

export const datasetArtifactBroken = defineError<{ reference: string; why: string }>("SLIPWAY_WAY_DATASET_BROKEN", {
  message: ({ reference, why }) => `${reference} is no dataset that can be unpacked: ${why}`,
  mend: () => "Remove that artifact from the registry and run `slipway up` again, or see that the reference is right.",
  exit: exitCodes.data,
});

export const datasetDiffers = defineError<{ what: string; seen: string; wanted: string }>(
  "SLIPWAY_WAY_DATASET_DIFFERS",
  {
    message: ({ what, seen, wanted }) => `${what} holds the dataset ${seen}, wanted ${wanted}`,
    mend: () =>
      "Nothing was trained. Put the files back that the project was locked with, or accept these with `slipway data lock`; then `slipway up`.",
    exit: exitCodes.data,
  },
);

export const datasetChanged = defineError<{ path: string }>("SLIPWAY_WAY_DATASET_CHANGED", {
  message: ({ path }) => `${path} changed while the dataset was being pushed`,
  mend: () => "Wait until nothing writes into the dataset's folder, then run `slipway up` again.",
  exit: exitCodes.data,
});

export const jobSettingInvalid = defineError<{ name: string; seen: string; wanted: string }>(
  "SLIPWAY_WAY_JOB_SETTING",
  {
    message: ({ name, seen, wanted }) => `the training program's variable ${name} is ${seen}, wanted ${wanted}`,
    mend: ({ name }) => `Set ${name} in the pod, or let \`slipway up\` make the Job: it sets all of them.`,
    exit: exitCodes.usage,
  },
);

export const jobFailed = defineError<{ reason: string }>("SLIPWAY_WAY_JOB_FAILED", {
  message: ({ reason }) => `the training program failed: ${reason}`,
  mend: () => "Look at the pod's log with `slipway logs`; what was trained so far is kept where the Job has a volume.",
});

export const registryNotInside = defineError<{ registry: string }>("SLIPWAY_WAY_REGISTRY_NOT_INSIDE", {
  message: ({ registry }) =>
    `nobody said what pods call the registry ${registry}; training in the cluster pulls and pushes there`,
  mend: ({ registry }) =>
    `Say it in slipway.config.ts: \`deploy: { registry: { push: "${registry}", inside: "host:port" } }\`, or train on this machine: \`deploy: { train: { on: "here" } }\`.`,
  exit: exitCodes.usage,
});

export const jobGoesOn = defineError<{ job: string; namespace: string; context: string }>("SLIPWAY_WAY_JOB_GOES_ON", {
  message: ({ job, context, namespace }) =>
    `interrupted; the Job ${job} trains on (${context}, namespace ${namespace})`,
  mend: ({ context, job, namespace }) =>
    `Come back to it with \`slipway up --target ${context}\`; stop it with \`kubectl --context ${context} -n ${namespace} delete job ${job}\`.`,
  exit: exitCodes.interrupted,
});

export const jobLeftNothing = defineError<{ job: string; store: string; inputs: string }>("SLIPWAY_WAY_JOB_NOTHING", {
  message: ({ job, store, inputs }) => `the Job ${job} succeeded, but ${store} has no model of the inputs ${inputs}`,
  mend: () =>
    "Somebody may have removed it meanwhile: run `slipway up --force`. Otherwise see that pods and this machine mean the same registry (`deploy.registry`).",
  exit: exitCodes.target,
});

export const deployFileMissing = defineError<{ path: string; from: string; reason: string }>(
  "SLIPWAY_WAY_DEPLOY_FILE",
  {
    message: ({ path, from, reason }) => `deploy.files["${path}"] comes from ${from}, which cannot be read: ${reason}`,
    mend: () => "Correct the path: it is relative to the project's folder.",
    exit: exitCodes.usage,
  },
);

export const modelNotReached = defineError<{ url: string; seen: string; wanted: string; seconds: number }>(
  "SLIPWAY_WAY_MODEL_NOT_REACHED",
  {
    message: ({ url, seen, wanted, seconds }) => `${url} answered ${seen} for ${seconds} s, wanted ${wanted}`,
    mend: () =>
      "See what its pods say with `slipway logs`; where the server follows an alias, that it reaches the registry. `slipway up` tries again.",
    exit: exitCodes.target,
  },
);

export const followNeedsRegistry = defineError<{ context: string }>("SLIPWAY_WAY_FOLLOW_NEEDS_REGISTRY", {
  message: ({ context }) =>
    `deploy.model.delivery is "registry", and there is none for ${context}: its images are imported into the nodes`,
  mend: () =>
    'Leave it out, and the model travels in the image; or let the server follow it on a volume: `deploy: { model: { delivery: "volume" }, train: { volume: { size: "1Gi" } } }`; or name a registry: `--registry`, or `deploy: { registry: … }`.',
  exit: exitCodes.usage,
});

export const fetchNeedsRegistry = defineError<{ context: string }>("SLIPWAY_WAY_FETCH_NEEDS_REGISTRY", {
  message: ({ context }) =>
    `data that only pods of ${context} fetch make a model there, and there is no registry to bring it here`,
  mend: () =>
    'Leave the model on a volume: `deploy: { model: { delivery: "volume" }, train: { volume: { size: "1Gi" } } }`; or name a registry that both reach: `--registry`, or `deploy: { registry: … }`.',
  exit: exitCodes.usage,
});

export const exportNeedsRegistry = defineError<{ what: string; option: string }>("SLIPWAY_WAY_EXPORT_REGISTRY", {
  message: ({ what }) => `nobody said where ${what}`,
  mend: ({ option }) =>
    `Name ${option}the registry: --registry registry.example.com/team, or \`deploy: { registry: … }\` in slipway.config.ts.`,
  exit: exitCodes.usage,
});

export const scheduleNeedsFetch = defineError<{ schedule: string }>("SLIPWAY_WAY_SCHEDULE_NEEDS_FETCH", {
  message: ({ schedule }) =>
    `deploy.train.schedule is ${JSON.stringify(schedule)}, but the dataset is fixed: it would give the same model each time`,
  mend: () => 'Let the pod read the data by itself: `deploy: { train: { data: "fetch", … } }` in slipway.config.ts.',
  exit: exitCodes.usage,
});

export const imageNeedsCommand = defineError<{ name: string; seen: string }>("SLIPWAY_WAY_IMAGE_NEEDS_COMMAND", {
  message: ({ name, seen }) =>
    `deploy.train.image of ${name} names an image to train in, but its trainer is ${seen}(), which runs in ours`,
  mend: () =>
    'Leave `image` out, or train by a program in that image: `train: command({ command: ["python3", "train.py"] })`.',
  exit: exitCodes.usage,
});
