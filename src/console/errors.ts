import { defineError, exitCodes } from "../base/errors.ts";

export const consolePageMissing = defineError<{ path: string }>("SLIPWAY_CONSOLE_PAGE_MISSING", {
  message: ({ path }) => `the console's page ${path} was not built`,
  mend: () => "In a checkout, run `npm run build`; else install Slipway again.",
});

export const hostRefused = defineError<{ seen: string; url: string }>("SLIPWAY_CONSOLE_HOST", {
  message: ({ seen }) =>
    `the console does not answer to the name ${JSON.stringify(seen)}, wanted localhost or 127.0.0.1`,
  mend: ({ url }) =>
    `Open ${url}. From another machine, forward the port (ssh -L) and open localhost there: a page of a stranger could otherwise read the console by a name of its own.`,
  status: 403,
});

export const originRefused = defineError<{ seen: string }>("SLIPWAY_CONSOLE_ORIGIN", {
  message: ({ seen }) => `the request comes from ${seen}, wanted the console's own page`,
  mend: () => "Use the console's page, or the command of the same name: `slipway data audit`, `slipway models list`.",
  status: 403,
});

export const requestInvalid = defineError<{ faults: readonly string[] }>("SLIPWAY_CONSOLE_REQUEST", {
  message: ({ faults }) => `the request cannot be understood: ${faults.join("; ")}`,
  mend: () => "Correct what is named; reloading the page helps where it is from an older Slipway.",
  status: 400,
});

export const auditRunning = defineError<{ since: string }>("SLIPWAY_CONSOLE_AUDIT_RUNNING", {
  message: ({ since }) => `an audit has been running since ${since}; there is only one at a time`,
  mend: () => "Wait for it, or stop it first.",
  status: 409,
});

export const pictureUnknown = defineError<{ path: string }>("SLIPWAY_CONSOLE_PICTURE", {
  message: ({ path }) => `the dataset has no picture ${JSON.stringify(path)}`,
  mend: () => "It may have been moved since: look at the data again.",
  status: 404,
});

export const consoleFault = defineError<{ reason: string }>("SLIPWAY_CONSOLE_FAULT", {
  message: ({ reason }) => `that failed: ${reason}`,
  mend: () => "Look again; if it stays so, run the command of the same name with --debug and report what it prints.",
  status: 500,
  exit: exitCodes.failed,
});
