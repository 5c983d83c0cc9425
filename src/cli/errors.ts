import { defineError, exitCodes } from "../base/errors.ts";

export const usage = defineError<{ problem: string; command: string }>("SLIPWAY_CLI_USAGE", {
  message: ({ problem }) => problem,
  mend: ({ command }) => `\`${command} --help\` lists what it takes.`,
  exit: exitCodes.usage,
});

export const optionInvalid = defineError<{ option: string; seen: string; wanted: string }>("SLIPWAY_CLI_OPTION", {
  message: ({ option, seen, wanted }) => `${option} is ${JSON.stringify(seen)}, wanted ${wanted}`,
  mend: ({ option }) => `Correct ${option} and run the command again.`,
  exit: exitCodes.usage,
});

export const notEmpty = defineError<{ path: string; found: readonly string[] }>("SLIPWAY_CLI_INIT_NOT_EMPTY", {
  message: ({ path, found }) =>
    `${path} holds files already (${found.slice(0, 4).join(", ")}${found.length > 4 ? ", …" : ""}); nothing was written`,
  mend: () => "Name a new or an empty folder.",
  exit: exitCodes.usage,
});

export const templateUnknown = defineError<{ seen: string; known: readonly string[]; nearest: string | undefined }>(
  "SLIPWAY_CLI_INIT_TEMPLATE",
  {
    message: ({ seen, known }) => `no template ${JSON.stringify(seen)}, wanted one of: ${known.join(", ")}`,
    mend: ({ nearest, known }) => `Try: slipway init my-model --template ${nearest ?? known[0]}`,
    exit: exitCodes.usage,
  },
);

export const cancelled = defineError<object>("SLIPWAY_CLI_CANCELLED", {
  message: () => "cancelled; nothing was written",
  mend: () => "Run the command again when you are ready.",
  exit: exitCodes.interrupted,
});

export const interrupted = defineError<{ what: string }>("SLIPWAY_CLI_INTERRUPTED", {
  message: ({ what }) => `interrupted: ${what}`,
  mend: () => "Run the same command again; what was finished is not done twice.",
  exit: exitCodes.interrupted,
});

export const systemRefused = defineError<{ reason: string; errno: string }>("SLIPWAY_CLI_SYSTEM", {
  message: ({ reason }) => `the system refused: ${reason}`,
  mend: ({ errno }) =>
    ({
      EACCES: "Check who may read and write there (ls -l), or run it where you may.",
      EPERM: "Check who may read and write there (ls -l), or run it where you may.",
      ENOSPC: "Free some space on that disk: `slipway models gc` removes what nothing refers to.",
      EDQUOT: "Free some of your quota: `slipway models gc` removes what nothing refers to.",
      EROFS: "That file system is read-only; run it on a copy of the project elsewhere.",
      EMFILE: "Raise the limit of open files (ulimit -n 4096) and run it again.",
      ENOENT: "Check that the path exists.",
    })[errno] ?? "`slipway doctor` looks for the usual causes.",
});

export const unexpected = defineError<{ reason: string }>("SLIPWAY_CLI_UNEXPECTED", {
  message: ({ reason }) => `a fault in Slipway itself: ${reason}`,
  mend: () => "Run it again with --debug and report what it prints.",
});

export const doctorFound = defineError<{ failed: readonly string[] }>("SLIPWAY_CLI_DOCTOR", {
  message: ({ failed }) =>
    `${failed.length === 1 ? "one check" : `${failed.length} checks`} failed: ${failed.join(", ")}`,
  mend: () => "Follow the lines marked → above.",
});

export const notServing = defineError<{ project: string }>("SLIPWAY_CLI_NOT_SERVING", {
  message: ({ project }) => `no endpoint of ${project} is running here`,
  mend: () => "Start one with `slipway up` or `slipway serve`, or name one with --url.",
  exit: exitCodes.target,
});

export const answerRefused = defineError<{ url: string; status: number; answer: string }>("SLIPWAY_CLI_ANSWER", {
  message: ({ url, status, answer }) => `${url} answered ${status}: ${answer}`,
  mend: () => "Correct what the answer names; `slipway doctor` looks for the usual causes.",
});

export const benchFailed = defineError<{ url: string; statuses: Readonly<Record<string, number>>; failed: number }>(
  "SLIPWAY_CLI_BENCH",
  {
    message: ({ url, failed, statuses }) =>
      `${url} gave no answer to count: ${failed} connections broke, statuses ${JSON.stringify(statuses)}`,
    mend: () => "Check that it is a Slipway endpoint and still runs: `slipway doctor`, or curl its /readyz.",
    exit: exitCodes.target,
  },
);

export const fileMissing = defineError<{ path: string }>("SLIPWAY_CLI_FILE_MISSING", {
  message: ({ path }) => `${path} cannot be read: there is no such file`,
  mend: () => "Correct the path; it is relative to this folder.",
  exit: exitCodes.usage,
});

export const columnsMalformed = defineError<{ seen: string }>("SLIPWAY_CLI_COLUMNS", {
  message: ({ seen }) => `this model is asked about columns, and ${JSON.stringify(seen)} is no JSON object of them`,
  mend: () => `Write each row so: slipway predict '{"length":4.5,"width":2}'`,
  exit: exitCodes.usage,
});

export const samplesMissing = defineError<{ project: string; holds: string; wanted: string; example: string }>(
  "SLIPWAY_CLI_SAMPLES",
  {
    message: ({ project, holds, wanted }) =>
      `the data of ${project} are ${holds}, and the endpoint is asked about ${wanted}`,
    mend: ({ example }) => `Name what to send: slipway bench ${example}`,
    exit: exitCodes.usage,
  },
);

export const kindUnaskable = defineError<{ name: string; url: string }>("SLIPWAY_CLI_TENSORS", {
  message: ({ name }) => `${name} takes plain tensors, which have no form to write on a command line`,
  mend: ({ url }) => `Ask it by the Open Inference Protocol; ${url}/docs shows how.`,
  exit: exitCodes.usage,
});

export const auditAlarmed = defineError<{ alarms: readonly string[] }>("SLIPWAY_CLI_AUDIT", {
  message: ({ alarms }) => (alarms.length === 1 ? alarms[0]! : `the audit found ${alarms.length} alarming things`),
  mend: () =>
    "Look at the pictures (`slipway console`, or --html audit.html). Put the files under the right labels, then `slipway data lock`; move doubtful ones aside instead of deleting them.",
  exit: exitCodes.gate,
});
