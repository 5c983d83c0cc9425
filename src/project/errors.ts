import { defineError, exitCodes } from "../base/errors.ts";

/** One fault of a project file. `path` is where it is (`serve.port`); `problem` names the value seen and the value wanted. */
export interface Fault {
  path: string;
  problem: string;
}

export const projectNotFound = defineError<{ path: string }>("SLIPWAY_PROJECT_NOT_FOUND", {
  message: ({ path }) => `no slipway.config.ts in ${path} or a folder above it`,
  mend: () => "Change to a project's folder, name one (slipway up <folder>), or make one: slipway init my-model",
  exit: exitCodes.usage,
});

export const projectFolderMissing = defineError<{ path: string }>("SLIPWAY_PROJECT_FOLDER_MISSING", {
  message: ({ path }) => `${path} does not exist, wanted a project's folder or its slipway.config.ts`,
  mend: ({ path }) => `Correct the path, or make a project there: slipway init ${path}`,
  exit: exitCodes.usage,
});

export const projectSyntax = defineError<{ path: string; faults: readonly string[] }>("SLIPWAY_PROJECT_SYNTAX", {
  message: ({ path, faults }) => `${path} cannot be compiled:\n${faults.join("\n")}`,
  mend: () => "Correct the lines shown and run the command again.",
  exit: exitCodes.usage,
});

export const projectThrew = defineError<{ path: string; reason: string; at?: string }>("SLIPWAY_PROJECT_THREW", {
  message: ({ path, reason, at }) => `${at ?? path} threw while it was read: ${reason}`,
  mend: () => "Correct that line; --debug shows the whole stack.",
  exit: exitCodes.usage,
});

export const projectNoDefault = defineError<{ path: string; seen: string }>("SLIPWAY_PROJECT_NO_DEFAULT", {
  message: ({ path, seen }) => `the default export of ${path} is ${seen}, wanted a project`,
  mend: () => 'End the file with: export default defineProject({ name: "…", data: …, train: … })',
  exit: exitCodes.usage,
});

export const projectInvalid = defineError<{ path: string; faults: readonly Fault[] }>("SLIPWAY_PROJECT_INVALID", {
  message: ({ path, faults }) =>
    `${path} has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${faults
      .map((fault) => `  ${fault.path}: ${fault.problem}`)
      .join("\n")}`,
  mend: () => "Correct the fields named above; docs/cli.md lists what a project file may hold.",
  exit: exitCodes.usage,
});

export const projectTrainsNothing = defineError<{ name: string }>("SLIPWAY_PROJECT_TRAINS_NOTHING", {
  message: ({ name }) => `${name} has no data and no trainer, wanted a project that trains a model`,
  mend: () => "Serve its routes with `slipway up`, or give slipway.config.ts `data` and `train`.",
  exit: exitCodes.usage,
});

/** What a handler throws by `refuse`; its status is the handler's. */
export const requestRefused = defineError<{ message: string; wanted: string }>("SLIPWAY_PROJECT_REFUSED", {
  message: ({ message }) => message,
  mend: ({ wanted }) => (wanted === "" ? "Correct the request; /docs says what it takes." : `Send ${wanted}.`),
  status: 400,
});

export const dataNotReplaced = defineError<{ name: string; why: string }>("SLIPWAY_PROJECT_DATA_NOT_REPLACED", {
  message: ({ name, why }) => `the data of ${name} cannot be replaced: ${why}`,
  mend: () => "Name two IDX files: --data train-images-idx3-ubyte.gz,train-labels-idx1-ubyte.gz",
  exit: exitCodes.usage,
});
