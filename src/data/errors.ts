import { defineError, exitCodes } from "../base/errors.ts";
import type { DatasetFault } from "./types.ts";

export const sourceArgument = defineError<{ maker: string; argument: string; seen: string; wanted: string }>(
  "SLIPWAY_DATA_ARGUMENT",
  {
    message: ({ maker, argument, seen, wanted }) => `${maker}(): ${argument} is ${seen}, wanted ${wanted}`,
    mend: ({ maker }) => `Correct the ${maker}() line in slipway.config.ts.`,
    exit: exitCodes.usage,
  },
);

export const featureArgument = defineError<{ maker: string; seen: string; wanted: string }>(
  "SLIPWAY_DATA_FEATURE_ARGUMENT",
  {
    message: ({ maker, seen, wanted }) => `${maker}(): the window is ${seen}, wanted ${wanted}`,
    mend: ({ maker }) => `Correct the call of ${maker}() in the project's code.`,
    exit: exitCodes.usage,
  },
);

export const datasetMissing = defineError<{ folder: string; why: string }>("SLIPWAY_DATA_MISSING", {
  message: ({ folder, why }) => `the dataset's folder ${folder} cannot be read: ${why}`,
  mend: () =>
    "Put the images there, as <label>/<name>.jpg, or correct the path in slipway.config.ts; it is relative to the project's folder.",
  exit: exitCodes.data,
});

export const dataFileMissing = defineError<{ path: string; why: string }>("SLIPWAY_DATA_FILE_MISSING", {
  message: ({ path, why }) => `the data file ${path} cannot be read: ${why}`,
  mend: () => "Put the file there, or correct the path in slipway.config.ts; it is relative to the project's folder.",
  exit: exitCodes.data,
});

/** All faults at once. `lines` are for people and bounded, `faults` are bounded more generously; `total` counts all. */
export const datasetFaulty = defineError<{
  folder: string;
  total: number;
  lines: readonly string[];
  faults: readonly DatasetFault[];
}>("SLIPWAY_DATA_FAULTY", {
  message: ({ folder, total, lines }) =>
    `${total} ${total === 1 ? "fault" : "faults"} in the dataset ${folder}:\n  ${lines.join("\n  ")}`,
  mend: () =>
    'Mend, move or remove these files, or correct what is said of them; nothing is left out silently. imageFolder() accepts images of other sizes by `otherSizes: "resize"`. docs/guides/data.md says what a dataset may hold.',
  exit: exitCodes.data,
});

/** As `datasetFaulty`, for rows: `lines` and `faults` are in the order of the file. */
export const rowsFaulty = defineError<{
  name: string;
  total: number;
  lines: readonly string[];
  faults: readonly DatasetFault[];
}>("SLIPWAY_DATA_ROWS_FAULTY", {
  message: ({ name, total, lines }) =>
    `${total} ${total === 1 ? "fault" : "faults"} in the rows of ${name}:\n  ${lines.join("\n  ")}`,
  mend: () => "Mend or remove these rows; nothing is left out silently. docs/guides/data.md says what rows may hold.",
  exit: exitCodes.data,
});

export const rowsNotLoaded = defineError<{ name: string; reason: string }>("SLIPWAY_DATA_ROWS_NOT_LOADED", {
  message: ({ name, reason }) => `the rows ${name} could not be loaded: ${reason}`,
  mend: () =>
    "Run the command again once the source can be reached. A loader that offers generated rows gives them with --sample.",
  exit: exitCodes.data,
});

export const noSample = defineError<{ kind: string }>("SLIPWAY_DATA_NO_SAMPLE", {
  message: ({ kind }) => `--sample asks a loader for generated rows, but the data come from ${kind}()`,
  mend: () => "Leave --sample out; only sources made by rows() can offer one.",
  exit: exitCodes.usage,
});

export const idxBroken = defineError<{ path: string; why: string }>("SLIPWAY_DATA_IDX_BROKEN", {
  message: ({ path, why }) => `${path} cannot be read as IDX: ${why}`,
  mend: () => "Download it again, or correct idx() in slipway.config.ts: images first, labels second, gzipped or not.",
  exit: exitCodes.data,
});

export const downloadFailed = defineError<{ url: string; reason: string }>("SLIPWAY_DATA_DOWNLOAD_FAILED", {
  message: ({ url, reason }) => `${url} could not be downloaded: ${reason}`,
  mend: () => "Check the address and the network, or download the file by hand and name its path instead.",
  exit: exitCodes.data,
});

export const fileDiffers = defineError<{ path: string; what: string; seen: string; wanted: string }>(
  "SLIPWAY_DATA_FILE_DIFFERS",
  {
    message: ({ path, what, seen, wanted }) =>
      `${path} is another file than the project says: its ${what} is ${seen}, wanted ${wanted}`,
    mend: () =>
      "Fetch the file again from a place that you trust; if the new one is meant, correct its size and sha256 in slipway.config.ts.",
    exit: exitCodes.data,
  },
);

export const datasetTooBig = defineError<{ count: number; megabytes: number }>("SLIPWAY_DATA_TOO_BIG", {
  message: ({ count, megabytes }) =>
    `${count} decoded images take ${megabytes} MB of memory, which this machine does not give`,
  mend: () => "Choose a smaller size in imageFolder(), one channel instead of three, or a machine with more memory.",
  exit: exitCodes.data,
});

export const dataInterrupted = defineError<{ doing: string }>("SLIPWAY_DATA_INTERRUPTED", {
  message: ({ doing }) => `interrupted while ${doing}`,
  mend: () => "Run the command again; nothing was changed.",
  exit: exitCodes.interrupted,
});

export const splitShare = defineError<{ validation: number }>("SLIPWAY_DATA_SPLIT", {
  message: ({ validation }) =>
    `the share of validation images is ${validation}, wanted a number from 0 up to, not including, 1`,
  mend: () => "Set `validation` of the trainer, for example to 0.2.",
  exit: exitCodes.usage,
});

export const lockBroken = defineError<{ path: string; why: string }>("SLIPWAY_DATA_LOCK_BROKEN", {
  message: ({ path, why }) => `the lock ${path} cannot be used: ${why}`,
  mend: () => "Take it from version control again, or make it anew from the files as they are: `slipway data lock`.",
  exit: exitCodes.data,
});

export const lockUnwritable = defineError<{ path: string; why: string }>("SLIPWAY_DATA_LOCK_UNWRITABLE", {
  message: ({ path, why }) => `the lock ${path} cannot be written: ${why}`,
  mend: () => "Make the project's folder writable, or free some space.",
  exit: exitCodes.data,
});

export const lockDiffers = defineError<{ lockedAt: string; locked: string; seen: string; lines: readonly string[] }>(
  "SLIPWAY_DATA_LOCK_DIFFERS",
  {
    message: ({ lockedAt, lines }) =>
      `the dataset is not the one that was locked at ${lockedAt}:\n  ${lines.join("\n  ")}`,
    mend: () =>
      "See all of it with `slipway data diff`. If the change is meant, accept it with `slipway data lock`; otherwise bring the files back.",
    exit: exitCodes.data,
  },
);

export const poisonDone = defineError<{ path: string }>("SLIPWAY_DATA_POISON_DONE", {
  message: ({ path }) => `the dataset is poisoned already; ${path} says how`,
  mend: () => "Put the files back first: slipway data poison --undo",
  exit: exitCodes.usage,
});

export const poisonNothing = defineError<{ poison: string }>("SLIPWAY_DATA_POISON_NOTHING", {
  message: ({ poison }) => `${poison} concerns no file`,
  mend: () => "Ask for a larger share.",
  exit: exitCodes.usage,
});

export const poisonUnknownLabel = defineError<{ label: string; labels: readonly string[] }>(
  "SLIPWAY_DATA_POISON_LABEL",
  {
    message: ({ label, labels }) => `there is no label ${JSON.stringify(label)}, wanted one of ${labels.join(", ")}`,
    mend: () => "Labels are the names of the folders in the dataset's folder.",
    exit: exitCodes.usage,
  },
);

export const auditUnsupported = defineError<{ what: string }>("SLIPWAY_DATA_AUDIT_KIND", {
  message: ({ what }) => `the audit of labels looks at images with one label each, and this project has ${what}`,
  mend: () => "Audit such data by a function of your own: `audit` in slipway.config.ts gives a list of findings.",
  exit: exitCodes.usage,
});
