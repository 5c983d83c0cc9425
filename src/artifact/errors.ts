import { defineError, exitCodes } from "../base/errors.ts";
import { shortDigest } from "../base/digest.ts";

export const referenceInvalid = defineError<{ reference: string; why: string }>("SLIPWAY_ARTIFACT_REFERENCE_INVALID", {
  message: ({ reference, why }) => `${JSON.stringify(reference)} is no model reference: ${why}`,
  mend: () => "Write name, name:alias or name@sha256:…, for example digits:champion.",
  status: 400,
  exit: exitCodes.usage,
});

export const artifactNotFound = defineError<{
  reference: string;
  store: string;
  nearest: readonly string[];
  known: readonly string[];
}>("SLIPWAY_ARTIFACT_NOT_FOUND", {
  message: ({ reference, store, nearest }) =>
    `no model ${reference} in ${store}${nearest.length > 0 ? `; nearest: ${nearest.join(", ")}` : ""}`,
  mend: ({ nearest, known }) => {
    if (nearest.length > 0) return `Did you mean ${nearest.join(", ")}? \`slipway models list\` shows all.`;
    return known.length > 0
      ? `The store has ${known.slice(0, 8).join(", ")}; \`slipway models list\` shows all.`
      : "The store is empty: `slipway up` or `slipway train` makes a model.";
  },
  status: 404,
});

export const referenceAmbiguous = defineError<{ reference: string; matches: readonly string[] }>(
  "SLIPWAY_ARTIFACT_REFERENCE_AMBIGUOUS",
  {
    message: ({ reference, matches }) =>
      `${reference} stands for ${matches.length} models: ${matches.slice(0, 8).join(", ")}`,
    mend: () => "Write more digits of the digest, and the model's name before the @.",
    status: 400,
    exit: exitCodes.usage,
  },
);

export const aliasMoved = defineError<{
  name: string;
  alias: string;
  expected: string | undefined;
  found: string | undefined;
}>("SLIPWAY_ARTIFACT_ALIAS_MOVED", {
  message: ({ name, alias, expected, found }) =>
    `${name}:${alias} points at ${orNothing(found)}, not at ${orNothing(expected)}: someone moved it meanwhile`,
  mend: ({ name }) => `Look at \`slipway models list ${name}\`, then run the command again.`,
  status: 409,
});

export const artifactInUse = defineError<{ reference: string; aliases: readonly string[] }>("SLIPWAY_ARTIFACT_IN_USE", {
  message: ({ reference, aliases }) => `${reference} is in use by ${aliases.join(", ")}`,
  mend: () => "Move or remove these aliases first, or force the removal (--force).",
  status: 409,
});

/** A manifest made by others, or something else than a model. `missing` says what it would need. */
export const artifactIncomplete = defineError<{ reference: string; missing: string }>("SLIPWAY_ARTIFACT_INCOMPLETE", {
  message: ({ reference, missing }) => `${reference} cannot be used as a model: ${missing}`,
  mend: () =>
    "Store it again with Slipway, or add a layer `slipway.json` with {signature, lineage}: docs/guides/models.md gives its form.",
});

export const contentInvalid = defineError<{ field: string; seen: string; wanted: string }>(
  "SLIPWAY_ARTIFACT_CONTENT_INVALID",
  {
    message: ({ field, seen, wanted }) => `cannot store the model: ${field} is ${seen}, wanted ${wanted}`,
    mend: () => "Correct the trainer, or the name in slipway.config.ts.",
  },
);

export const blobCorrupted = defineError<{ file: string; digest: string; seen: string }>(
  "SLIPWAY_ARTIFACT_BLOB_CORRUPTED",
  {
    message: ({ file, digest, seen }) => `${file} is damaged: it holds ${seen}, wanted ${shortDigest(digest)}`,
    mend: () =>
      "Train or copy the same model into the store again (that rewrites the file), or remove the model: `slipway models rm <reference> --force`.",
  },
);

export const blobMissing = defineError<{ file: string; digest: string }>("SLIPWAY_ARTIFACT_BLOB_MISSING", {
  message: ({ file, digest }) =>
    `${file} is missing: the store refers to ${shortDigest(digest)}, but the file is not there`,
  mend: () =>
    "Train or copy the same model into the store again, or remove the model: `slipway models rm <reference> --force`.",
});

export const storeBroken = defineError<{ file: string; why: string }>("SLIPWAY_ARTIFACT_STORE_BROKEN", {
  message: ({ file, why }) => `${file} cannot be used: ${why}`,
  mend: ({ file }) => `Put ${file} back from a copy, or move the store's folder away and run \`slipway up\` again.`,
});

export const storeLocked = defineError<{ file: string; seconds: number }>("SLIPWAY_ARTIFACT_STORE_LOCKED", {
  message: ({ file, seconds }) => `another process has held ${file} for ${seconds} s`,
  mend: ({ file }) =>
    `Wait for the other slipway command to end; \`fuser ${file}\` names its process. The lock goes when that process ends, however it ends.`,
  status: 503,
});

/** A store in a registry, where other writers do not come to an end. */
export const storeClaimed = defineError<{ store: string; seconds: number }>("SLIPWAY_ARTIFACT_STORE_CLAIMED", {
  message: ({ store, seconds }) => `others have been writing to ${store} for ${seconds} s without an end`,
  mend: ({ store }) =>
    `Run the command again. If it lasts, see who writes to ${store}; \`crane ls\` of its repository slipway.store shows a tag claim.… for each writer.`,
  status: 503,
});

/** A change that took longer than other writers wait for it. */
export const storeSlow = defineError<{ store: string; seconds: number }>("SLIPWAY_ARTIFACT_STORE_SLOW", {
  message: ({ store, seconds }) => `the change to ${store} was given up after ${seconds} s: the registry is too slow`,
  mend: () => "Run the command again: what is done is not done twice, and nothing is left half done.",
  status: 503,
});

export const storeNotLockable = defineError<{ file: string; why: string }>("SLIPWAY_ARTIFACT_STORE_NOT_LOCKABLE", {
  message: ({ file, why }) => `cannot lock the store by ${file}: ${why}`,
  mend: () =>
    "Keep the store in a writable folder on a file system with locks (a local disk has them; some network mounts do not).",
});

/** The file system refused: full, read-only, not permitted. */
export const storeUnusable = defineError<{ folder: string; why: string }>("SLIPWAY_ARTIFACT_STORE_UNUSABLE", {
  message: ({ folder, why }) => `the store ${folder} cannot be used: ${why}`,
  mend: ({ folder }) =>
    `See that ${folder} is a folder that you may write to, on a disk with room; \`slipway models gc\` frees what no model needs.`,
});

export const gateFailed = defineError<{ name: string; reasons: readonly string[] }>("SLIPWAY_ARTIFACT_GATE_FAILED", {
  message: ({ name, reasons }) => `the gate holds ${name} back: ${reasons.join("; ")}`,
  mend: () =>
    "The champion stays as it was. Train a better model, or change `gate` in slipway.config.ts if the limit is wrong.",
  status: 422,
  exit: exitCodes.gate,
});

function orNothing(digest: string | undefined): string {
  return digest === undefined ? "nothing" : shortDigest(digest);
}

/** Nobody answers there, or nothing that could be MLflow. */
export const mlflowAway = defineError<{ url: string; reason: string }>("SLIPWAY_ARTIFACT_MLFLOW_AWAY", {
  message: ({ url, reason }) => `MLflow at ${url} cannot be asked: ${reason}`,
  mend: () =>
    "See that the address is that of an MLflow tracking server (2.3 or later), and that this machine reaches it; then run the command again.",
  status: 502,
  exit: exitCodes.target,
});

/** MLflow answered, but not as was asked. `code` is its own, such as RESOURCE_DOES_NOT_EXIST. */
export const mlflowRefused = defineError<{
  url: string;
  request: string;
  status: number;
  code: string;
  reason: string;
}>("SLIPWAY_ARTIFACT_MLFLOW_REFUSED", {
  message: ({ url, request, status, code, reason }) =>
    `MLflow at ${url} refuses ${request}: ${[status, code, reason].filter(Boolean).join(" ")}`,
  mend: ({ status }) =>
    status === 401 || status === 403
      ? "Log in by MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, as for MLflow's own client."
      : "See what MLflow says; its server's log says more.",
  status: 502,
  exit: exitCodes.target,
});

/** Artifacts are in a place that only MLflow's own client can reach. */
export const mlflowNotProxied = defineError<{ url: string; where: string }>("SLIPWAY_ARTIFACT_MLFLOW_NOT_PROXIED", {
  message: ({ url, where }) =>
    `MLflow at ${url} keeps artifacts in ${where}, wanted mlflow-artifacts:/… (served by the server itself)`,
  mend: () =>
    "Start the server with --serve-artifacts and --artifacts-destination (the default), and use an experiment that was made since.",
  exit: exitCodes.target,
});
