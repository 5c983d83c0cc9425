import { defineError, exitCodes } from "../base/errors.ts";

export const portInUse = defineError<{ port: number; holder: string | undefined; free: number | undefined }>(
  "SLIPWAY_DEPLOY_PORT_IN_USE",
  {
    message: ({ port, holder }) => `port ${port} is in use${holder === undefined ? "" : ` by ${holder}`}`,
    mend: ({ free, port }) =>
      free === undefined
        ? `Stop what listens on ${port}, or choose another port with --port.`
        : `Choose another port: --port ${free} (free now), or PORT=${free}. Or stop what listens on ${port}.`,
    exit: exitCodes.target,
  },
);

export const portForbidden = defineError<{ port: number }>("SLIPWAY_DEPLOY_PORT_FORBIDDEN", {
  message: ({ port }) => `this account may not listen on port ${port}`,
  mend: () => "Choose a port of 1024 or above with --port.",
  exit: exitCodes.target,
});

export const serverFailed = defineError<{ how: string; log: readonly string[] }>("SLIPWAY_DEPLOY_SERVER_FAILED", {
  message: ({ how, log }) =>
    `the server ${how}${log.length === 0 ? " and said nothing" : `; its last lines:\n${log.map((line) => `  ${line}`).join("\n")}`}`,
  mend: () => "Mend what its last lines name, then run the command again; `slipway doctor` looks for the usual causes.",
  exit: exitCodes.target,
});

export const serverNotRefreshed = defineError<{ url: string; seen: string; wanted: string }>(
  "SLIPWAY_DEPLOY_NOT_REFRESHED",
  {
    message: ({ url, seen, wanted }) => `${url} serves ${seen}, wanted ${wanted}`,
    mend: () => "Stop that server and run `slipway up` again.",
    exit: exitCodes.target,
  },
);
