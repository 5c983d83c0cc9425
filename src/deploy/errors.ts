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

export const contextUnnamed = defineError<{ known: readonly string[] }>("SLIPWAY_DEPLOY_CONTEXT_UNNAMED", {
  message: () => "no kubeconfig context is named; a cluster is never taken from the kubeconfig's current context",
  mend: ({ known }) => `Name one: --target ${known.length === 0 ? "<context>" : known.join(", or --target ")}.`,
  exit: exitCodes.usage,
});

export const contextUnknown = defineError<{
  context: string;
  known: readonly string[];
  nearest: string | undefined;
  looked: string;
}>("SLIPWAY_DEPLOY_CONTEXT_UNKNOWN", {
  message: ({ context, known, looked }) =>
    `${looked} has no context ${context}; ${known.length === 0 ? "it has none at all" : `it has ${known.join(", ")}`}`,
  mend: ({ nearest }) =>
    nearest === undefined
      ? "Name one of them with --target, or point KUBECONFIG at the file that has it."
      : `Did you mean --target ${nearest}?`,
  exit: exitCodes.usage,
});

export const kubeconfigMissing = defineError<{ looked: readonly string[] }>("SLIPWAY_DEPLOY_KUBECONFIG_MISSING", {
  message: ({ looked }) => `there is no kubeconfig: looked at ${looked.join(", ")}`,
  mend: () => "Point KUBECONFIG at one, or pass --kubeconfig <path>.",
  exit: exitCodes.target,
});

export const kubeconfigInvalid = defineError<{ path: string; reason: string }>("SLIPWAY_DEPLOY_KUBECONFIG_INVALID", {
  message: ({ path, reason }) => `the kubeconfig ${path} cannot be used: ${reason}`,
  mend: () =>
    "Mend the file, or write it anew with the tool of your cluster's provider; `kubectl config view` shows what is in force.",
  exit: exitCodes.target,
});

export const credentialsFailed = defineError<{ context: string; command: string; reason: string }>(
  "SLIPWAY_DEPLOY_CREDENTIALS",
  {
    message: ({ context, command, reason }) => `context ${context}: ${command} gave no credentials: ${reason}`,
    mend: ({ command }) => `Run \`${command}\` by hand, and sign in where it asks for it.`,
    exit: exitCodes.target,
  },
);

export const clusterUnreachable = defineError<{ context: string; server: string; reason: string; seconds: number }>(
  "SLIPWAY_DEPLOY_UNREACHABLE",
  {
    message: ({ context, server, reason, seconds }) =>
      `the API server of ${context} (${server}) does not answer${seconds === 0 ? "" : `, for ${seconds} s now`}: ${reason}`,
    mend: ({ context }) =>
      `Check that the cluster runs and that this machine reaches it (VPN, proxy): kubectl --context ${context} get --raw /readyz`,
    exit: exitCodes.target,
  },
);

export const clusterUnauthorized = defineError<{ context: string; server: string; message: string }>(
  "SLIPWAY_DEPLOY_UNAUTHORIZED",
  {
    message: ({ context, server, message }) =>
      `the API server of ${context} (${server}) does not accept the credentials (401): ${message}`,
    mend: ({ context }) =>
      `They may have expired: sign in again with the tool of your cluster's provider, then try kubectl --context ${context} auth whoami`,
    exit: exitCodes.target,
  },
);

export const clusterForbidden = defineError<{
  object: string;
  verb: string;
  message: string;
  context: string;
  check: string;
}>("SLIPWAY_DEPLOY_FORBIDDEN", {
  message: ({ object, verb, message, context }) => `not allowed to ${verb} ${object} in ${context} (403): ${message}`,
  mend: ({ check }) => `Ask the cluster's administrator for a Role that allows it. To check: ${check}`,
  exit: exitCodes.target,
});

export const objectMissing = defineError<{ object: string; verb: string; message: string; context: string }>(
  "SLIPWAY_DEPLOY_MISSING",
  {
    message: ({ object, verb, message, context }) => `could not ${verb} ${object} in ${context} (404): ${message}`,
    mend: ({ context }) => `Check the name and the namespace: kubectl --context ${context} get all --all-namespaces`,
    exit: exitCodes.target,
  },
);

export const kindUnknown = defineError<{ apiVersion: string; kind: string; context: string; hint: string }>(
  "SLIPWAY_DEPLOY_KIND_UNKNOWN",
  {
    message: ({ apiVersion, kind, context }) => `the cluster ${context} has no kind ${kind} in ${apiVersion}`,
    mend: ({ hint }) => hint,
    exit: exitCodes.target,
  },
);

export const fieldConflict = defineError<{
  conflicts: readonly { object: string; manager: string; fields: readonly string[] }[];
  context: string;
}>("SLIPWAY_DEPLOY_CONFLICT", {
  message: ({ conflicts, context }) =>
    `somebody else manages fields that the project sets, in ${context}; nothing was changed:\n${conflicts
      .map(({ object, manager, fields }) => `  ${object}: ${fields.join(", ")} (by ${manager})`)
      .join("\n")}`,
  mend: () =>
    "Leave those fields to them (take them out of the project file), or take them over with --force-conflicts.",
  exit: exitCodes.target,
});

export const objectRejected = defineError<{
  object: string;
  verb: string;
  status: number;
  message: string;
  context: string;
  mend: string;
}>("SLIPWAY_DEPLOY_REJECTED", {
  message: ({ object, verb, status, message, context }) =>
    `${context} refused to ${verb} ${object} (${status}): ${message}`,
  mend: ({ mend }) => mend,
  exit: exitCodes.target,
});

export const objectsRejected = defineError<{ faults: readonly string[] }>("SLIPWAY_DEPLOY_REJECTED_SEVERAL", {
  message: ({ faults }) =>
    `${faults.length} objects would be refused; nothing was changed:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
  mend: () => "Mend each; the first one's page in docs/errors.md says how.",
  exit: exitCodes.target,
});

export const objectStuck = defineError<{
  object: string;
  seconds: number;
  context: string;
  finalizers: readonly string[];
}>("SLIPWAY_DEPLOY_STUCK", {
  message: ({ object, seconds, context, finalizers }) =>
    `${object} in ${context} is still there ${seconds} s after it was deleted${finalizers.length === 0 ? "" : `: it waits for ${finalizers.join(", ")}`}`,
  mend: () =>
    "What it waits for is the work of a controller of the cluster: see that controller's logs, then run the command again.",
  exit: exitCodes.target,
});

export const applyBusy = defineError<{ project: string; holder: string; seconds: number }>("SLIPWAY_DEPLOY_BUSY", {
  message: ({ project, holder, seconds }) => `${holder} is applying ${project}, and has been for ${seconds} s`,
  mend: () => "Wait until it has ended, then run the command again.",
  exit: exitCodes.target,
});

export const applyOvertaken = defineError<{ project: string; by: string }>("SLIPWAY_DEPLOY_OVERTAKEN", {
  message: ({ project, by }) => `${by} has released ${project} in the meantime`,
  mend: () => "See `slipway history`, then run the command again if yours is still wanted.",
  exit: exitCodes.target,
});

export const inventoryInvalid = defineError<{ object: string; reason: string }>("SLIPWAY_DEPLOY_INVENTORY", {
  message: ({ object, reason }) => `${object} is not an inventory of ours: ${reason}`,
  mend: ({ object }) => `Another tool has made or changed ${object}: rename or delete it, then run the command again.`,
  exit: exitCodes.target,
});

export const nothingDeployed = defineError<{ project: string; target: string; up: string }>("SLIPWAY_DEPLOY_NOTHING", {
  message: ({ project, target }) => `nothing of ${project} runs on ${target}`,
  mend: ({ up }) => `Bring it there with \`${up}\`.`,
  exit: exitCodes.target,
});

export const noLog = defineError<{ project: string; pid: number }>("SLIPWAY_DEPLOY_NO_LOG", {
  message: ({ project, pid }) => `the server of ${project} (pid ${pid}) writes its log to the terminal that started it`,
  mend: () => "Look there, or start it with `slipway up --detach`: its log is then kept in a file.",
  exit: exitCodes.target,
});

interface FindingShape {
  code: string;
  cause: string;
  mend: string;
  evidence: readonly string[];
}

export const rolloutFailed = defineError<{ object: string; context: string; findings: readonly FindingShape[] }>(
  "SLIPWAY_DEPLOY_ROLLOUT_FAILED",
  {
    message: ({ object, context, findings }) =>
      `${object} does not come up in ${context}:\n${findings
        .map(({ cause, evidence }) => [cause, ...evidence.map((line) => `  ${line}`)].join("\n"))
        .join("\n")}`,
    mend: ({ findings }) => findings.map(({ mend }) => mend).join("\n"),
    exit: exitCodes.target,
  },
);

export const rolloutTimedOut = defineError<{ object: string; context: string; seconds: number; state: string }>(
  "SLIPWAY_DEPLOY_ROLLOUT_TIMEOUT",
  {
    message: ({ object, context, seconds, state }) =>
      `${object} in ${context} is not ready after ${seconds} s: ${state}`,
    mend: () => "It goes on by itself: see `slipway status`, or wait longer with --deadline.",
    exit: exitCodes.target,
  },
);

export const rolloutOvertaken = defineError<{ object: string; seen: string; wanted: string }>(
  "SLIPWAY_DEPLOY_ROLLOUT_OVERTAKEN",
  {
    message: ({ object, seen, wanted }) => `${object} runs ${seen} by now, not ${wanted}: somebody has released since`,
    mend: () => "See `slipway history`, then run the command again if yours is still wanted.",
    exit: exitCodes.target,
  },
);

export const workloadGone = defineError<{ object: string; context: string }>("SLIPWAY_DEPLOY_GONE", {
  message: ({ object, context }) => `there is no ${object} in ${context} (any more)`,
  mend: () => "Somebody has deleted it: run `slipway up` again.",
  exit: exitCodes.target,
});

export const noReadyPod = defineError<{ what: string; context: string; pods: readonly string[] }>(
  "SLIPWAY_DEPLOY_NO_READY_POD",
  {
    message: ({ what, context, pods }) =>
      `no pod of ${what} in ${context} is ready${pods.length === 0 ? ": there is none" : `; there is ${pods.join(", ")}`}`,
    mend: () => "See `slipway status`: it says what stands in the way.",
    exit: exitCodes.target,
  },
);
