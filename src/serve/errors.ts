import { shortDigest } from "../base/digest.ts";
import { defineError, exitCodes } from "../base/errors.ts";

export const overloaded = defineError<{ queued: number; limit: number; retryAfterSeconds: number; wanted: string }>(
  "SLIPWAY_SERVE_OVERLOADED",
  {
    message: ({ queued, limit }) => `${queued} rows wait already; the queue takes ${limit}`,
    mend: () => "Wait for the time in Retry-After, then send it again; more replicas or a longer queue take more.",
    status: 503,
  },
);

export const rowFailed = defineError<{ model: string; reason: string; wanted: string }>("SLIPWAY_SERVE_ROW_FAILED", {
  message: ({ model, reason }) => `${model} failed at this row alone: ${reason}`,
  mend: () => "The input was valid, so the model is at fault: the server's log has the details.",
  status: 500,
});

export const notFinite = defineError<{ model: string; wanted: string }>("SLIPWAY_SERVE_NOT_FINITE", {
  message: ({ model }) => `${model} gave numbers that are not finite`,
  mend: () => "Train it again, or point the alias back at the model before it.",
  status: 500,
});

export const memberAbsent = defineError<{ model: string; member: string; has: string; wanted: string }>(
  "SLIPWAY_SERVE_MEMBER_ABSENT",
  {
    message: ({ model, member, has }) => `predictions of ${model} have no \`${member}\`: its signature gives ${has}`,
    mend: ({ has }) => `Use what it gives (${has}) in slipway.config.ts, or serve another kind of model.`,
    status: 500,
  },
);

export const modelAbsent = defineError<{ project: string; wanted: string }>("SLIPWAY_SERVE_MODEL_ABSENT", {
  message: ({ project }) => `${project} is served without a model`,
  mend: () => "Give the project data and a trainer, or name a model in SLIPWAY_MODEL.",
  status: 500,
});

export const jsonMalformed = defineError<{ why: string; wanted: string }>("SLIPWAY_SERVE_JSON_MALFORMED", {
  message: ({ why }) => `the body is no JSON: ${why}`,
  mend: ({ wanted }) => `Send ${wanted}, in UTF-8.`,
  status: 400,
});

/** `path` is where in the body: `inputs[0].shape`. */
export const inputInvalid = defineError<{ path: string; seen: string; wanted: string }>("SLIPWAY_SERVE_INPUT_INVALID", {
  message: ({ path, seen, wanted }) => `${path} is ${seen}; wanted ${wanted}`,
  mend: ({ path, wanted }) => `Send ${wanted} as ${path}; /docs has an example.`,
  status: 400,
});

export const textTooLong = defineError<{ path: string; seen: number; limit: number; wanted: string }>(
  "SLIPWAY_SERVE_TEXT_TOO_LONG",
  {
    message: ({ path, seen, limit }) => `${path} has ${seen} characters; a text may have ${limit}`,
    mend: () => "Send a shorter text, or parts of it.",
    status: 413,
  },
);

export const modelUnknown = defineError<{ name: string; wanted: string }>("SLIPWAY_SERVE_MODEL_UNKNOWN", {
  message: ({ name, wanted }) => `there is no model ${JSON.stringify(name)} here; wanted ${wanted}`,
  mend: ({ wanted }) => `Ask for ${wanted}.`,
  status: 404,
});

export const versionUnknown = defineError<{ version: string; wanted: string }>("SLIPWAY_SERVE_VERSION_UNKNOWN", {
  message: ({ version, wanted }) => `version ${JSON.stringify(version)} is not served; wanted ${wanted}`,
  mend: () => "Leave the version out to ask the one that serves.",
  status: 404,
});

export const notImplemented = defineError<{ what: string; wanted: string }>("SLIPWAY_SERVE_NOT_IMPLEMENTED", {
  message: ({ what }) => `${what} is not something that this service does`,
  mend: ({ wanted }) => `Ask for ${wanted}.`,
  status: 501,
});

export const unauthorized = defineError<{ challenge: string; wanted: string }>("SLIPWAY_SERVE_UNAUTHORIZED", {
  message: () => "the request has no name and password that are valid here",
  mend: () => "Send them: curl -u name:password. Whoever runs the service knows them.",
  status: 401,
});

export const loginsTooMany = defineError<{ retryAfterSeconds: number; wanted: string }>(
  "SLIPWAY_SERVE_LOGINS_TOO_MANY",
  {
    message: () => "too many logins from this address have failed",
    mend: () => "Wait for the time in Retry-After, then try again with the right password.",
    status: 429,
  },
);

export const controlClosed = defineError<{ path: string; wanted: string }>("SLIPWAY_SERVE_CONTROL_CLOSED", {
  message: ({ path }) => `${path} changes what is served, so it is closed to strangers`,
  mend: () =>
    "Send `Authorization: Bearer …` with the server's SLIPWAY_CONTROL_TOKEN, or the login of serve.auth; from the same machine neither is needed.",
  status: 403,
});

export const credentialsMissing = defineError<{ where: string }>("SLIPWAY_SERVE_CREDENTIALS_MISSING", {
  message: ({ where }) => `serve.auth wants a name and a password, and ${where} has none`,
  mend: () => "Set both (on a cluster: a Secret of type kubernetes.io/basic-auth), or remove serve.auth.",
  exit: exitCodes.usage,
});

export const outputThrew = defineError<{ route: string; wanted: string }>("SLIPWAY_SERVE_OUTPUT_THREW", {
  message: ({ route }) => `the project's function for ${route} failed; the cause is in the server's log`,
  mend: ({ route }) => `Correct ${route} under \`serve\` in slipway.config.ts.`,
  status: 500,
});

export const workerDied = defineError<{ model: string; reason: string; wanted: string }>("SLIPWAY_SERVE_WORKER_DIED", {
  message: ({ model, reason }) => `the thread that runs ${model} ended: ${reason}`,
  mend: () => "Send it again: a new thread takes over at once. If it happens again, the model's file is at fault.",
  status: 503,
});

export const signatureUnsupported = defineError<{ model: string; seen: string; wanted: string }>(
  "SLIPWAY_SERVE_SIGNATURE_UNSUPPORTED",
  {
    message: ({ model, seen, wanted }) => `${model} cannot be served here: it has ${seen}, wanted ${wanted}`,
    mend: () => "Serve a model with such tensors, or change the routes in slipway.config.ts.",
  },
);

export const outputsUnexpected = defineError<{ model: string; seen: string; wanted: string }>(
  "SLIPWAY_SERVE_OUTPUTS_UNEXPECTED",
  {
    message: ({ model, seen, wanted }) => `${model} gives ${seen}; its signature says ${wanted}`,
    mend: () => "The signature does not belong to this ONNX file: export the model again.",
  },
);

export const refreshFailed = defineError<{ reference: string; serving: string; reason: string; wanted: string }>(
  "SLIPWAY_SERVE_REFRESH_FAILED",
  {
    message: ({ reference, serving, reason }) =>
      `cannot load ${reference}: ${reason}; ${shortDigest(serving)} still serves`,
    mend: ({ reference }) => `Point ${reference} at a model that loads, then refresh again.`,
    status: 503,
  },
);

export const portTaken = defineError<{ host: string; port: number }>("SLIPWAY_SERVE_PORT_TAKEN", {
  message: ({ host, port }) => `${host}:${port} is taken by another process`,
  mend: () => "Stop that process, or set PORT to another one (0 picks a free one).",
});

export const addressUnusable = defineError<{ host: string; port: number; reason: string }>(
  "SLIPWAY_SERVE_ADDRESS_UNUSABLE",
  {
    message: ({ host, port, reason }) => `cannot listen on ${host}:${port}: ${reason}`,
    mend: () => "Set HOST to an address of this machine (127.0.0.1, or 0.0.0.0 for all) and PORT above 1023.",
  },
);

export const routeTaken = defineError<{ route: string }>("SLIPWAY_SERVE_ROUTE_TAKEN", {
  message: ({ route }) => `${route} is a path of the server's own`,
  mend: () => "Give the project's route in slipway.config.ts another path; GET /index lists those that are taken.",
});

export const settingInvalid = defineError<{ name: string; seen: string; wanted: string }>(
  "SLIPWAY_SERVE_SETTING_INVALID",
  {
    message: ({ name, seen, wanted }) => `${name} is ${JSON.stringify(seen)}; wanted ${wanted}`,
    mend: ({ name }) => `Set ${name}, or leave it out where it has a default: docs/guides/serving.md lists them.`,
    exit: exitCodes.usage,
  },
);

export const appInvalid = defineError<{ path: string; seen: string }>("SLIPWAY_SERVE_APP_INVALID", {
  message: ({ path, seen }) => `${path} is no project: ${seen}`,
  mend: () => "SLIPWAY_APP must name the project's bundle, as `slipway up` and `slipway serve` write it.",
});
