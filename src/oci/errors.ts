import { defineError, exitCodes } from "../base/errors.ts";

/** What is known of a request that failed. No header, body or credential of ours is ever among it. */
export interface Failure {
  registry: string;
  /** Empty where the request was about the registry itself. */
  repository: string;
  /** What was to be done, as it goes after "cannot": `read manifest v3 of`. */
  operation: string;
  status?: number | undefined;
  /** The registry's own error code, for example `DENIED`. */
  code?: string | undefined;
  /** The registry's own words, cut short. */
  said?: string | undefined;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  retryAfterSeconds?: number | undefined;
}

const target = { exit: exitCodes.target } as const;

export const referenceInvalid = defineError<{ reference: string; why: string }>("SLIPWAY_OCI_REFERENCE_INVALID", {
  message: ({ reference, why }) => `${JSON.stringify(reference)} is no image reference: ${why}`,
  mend: () => "Write host/repository:tag or host/repository@sha256:…, for example registry.example.com/team/digits:v3.",
  status: 400,
  exit: exitCodes.usage,
});

export const unauthorized = defineError<Failure & { credentials: string }>("SLIPWAY_OCI_UNAUTHORIZED", {
  message: (failure) => `${describe(failure)} (${failure.credentials})`,
  mend: ({ registry }) =>
    `Log in with \`docker login ${registry}\` or \`podman login ${registry}\`, or name a file with the credentials in REGISTRY_AUTH_FILE; on a cluster, name the Secret.`,
  status: 502,
  ...target,
});

export const denied = defineError<Failure & { credentials: string }>("SLIPWAY_OCI_DENIED", {
  message: (failure) => `${describe(failure)} (${failure.credentials})`,
  mend: ({ registry, repository }) =>
    `Give this account the right to read and write ${registry}/${repository}, log in as another one, or write the name of a repository that is yours. Some registries want a repository to be made first.`,
  status: 502,
  ...target,
});

export const notFound = defineError<Failure>("SLIPWAY_OCI_NOT_FOUND", {
  message: describe,
  mend: ({ registry, repository }) =>
    `See that ${registry}/${repository} is written rightly and has been pushed. Some registries answer the same where a login is needed.`,
  status: 404,
  ...target,
});

export const unsupported = defineError<Failure>("SLIPWAY_OCI_UNSUPPORTED", {
  message: describe,
  mend: ({ registry }) =>
    `${registry} does not do this, or it is switched off there (deletion often is: REGISTRY_STORAGE_DELETE_ENABLED=true switches it on in distribution's registry).`,
  status: 502,
  ...target,
});

/** 429 and 5xx, after all retries. */
export const registryBusy = defineError<Failure>("SLIPWAY_OCI_BUSY", {
  message: (failure) =>
    `${describe(failure)}${failure.retryAfterSeconds === undefined ? "" : `; it asks to wait ${failure.retryAfterSeconds} s`}`,
  mend: ({ registry }) =>
    `Run the command again later: what was pushed is kept and not sent twice. If it lasts, look at the status page or the logs of ${registry}; with a rate limit, log in.`,
  status: 503,
  ...target,
});

/** Any other answer that says no. */
export const refused = defineError<Failure>("SLIPWAY_OCI_REFUSED", {
  message: describe,
  mend: ({ registry }) => `Read what ${registry} says above; its own logs may say more.`,
  status: 502,
  ...target,
});

export const unreachable = defineError<Failure & { why: string; hint: string }>("SLIPWAY_OCI_UNREACHABLE", {
  message: (failure) => `${describe(failure)}: ${failure.why}`,
  mend: ({ hint }) => hint,
  status: 503,
  ...target,
});

export const tlsRefused = defineError<Failure & { why: string; hint: string }>("SLIPWAY_OCI_TLS", {
  message: (failure) => `${describe(failure)}: ${failure.why}`,
  mend: ({ hint }) => hint,
  status: 502,
  ...target,
});

export const notRegistry = defineError<Failure>("SLIPWAY_OCI_NOT_A_REGISTRY", {
  message: (failure) => `${describe(failure)}: the answer is not of a registry`,
  mend: ({ registry }) =>
    `Open https://${registry}/v2/ : a registry answers {} or asks for a login. Check host and port, and whether a proxy stands between.`,
  status: 502,
  ...target,
});

/** The answer breaks the distribution spec: a header is missing, JSON is broken, a range does not fit. */
export const answerInvalid = defineError<Failure & { why: string }>("SLIPWAY_OCI_ANSWER_INVALID", {
  message: (failure) => `${describe(failure)}: ${failure.why}`,
  mend: ({ registry }) =>
    `Run it again; if it stays, ${registry} or a proxy before it does not follow the distribution spec.`,
  status: 502,
  ...target,
});

export const contentMismatch = defineError<{ what: string; wanted: string; seen: string; retryable: boolean }>(
  "SLIPWAY_OCI_CONTENT_MISMATCH",
  {
    message: ({ what, wanted, seen }) => `${what} is damaged: it is ${seen}, wanted ${wanted}`,
    mend: () => "Push it again from a store that has it whole; if it stays, the registry's storage is damaged.",
    status: 502,
    ...target,
  },
);

export const contentTooLarge = defineError<{ what: string; limit: number }>("SLIPWAY_OCI_TOO_LARGE", {
  message: ({ what, limit }) => `${what} is larger than ${limit} bytes`,
  mend: () => "This is no manifest of the usual kind; see what the reference points at with `crane manifest`.",
  status: 502,
  ...target,
});

export const sourceChanged = defineError<{ what: string; wanted: number; seen: number }>("SLIPWAY_OCI_SOURCE_CHANGED", {
  message: ({ what, wanted, seen }) => `${what} gave ${seen} bytes, wanted ${wanted}: it changed while being pushed`,
  mend: () => "Run the command again, and let nothing write to the file meanwhile.",
});

export const sourceUnreadable = defineError<{ what: string; why: string }>("SLIPWAY_OCI_SOURCE_UNREADABLE", {
  message: ({ what, why }) => `${what} cannot be read to push it: ${why}`,
  mend: ({ what }) => `See that ${what} is there and may be read, then run the command again.`,
});

/** A credentials file or helper that cannot be used. */
export const credentialsBroken = defineError<{ source: string; why: string }>("SLIPWAY_OCI_CREDENTIALS", {
  message: ({ source, why }) => `${source} gives no credentials: ${why}`,
  mend: ({ source }) => `Mend ${source}, or log in anew with \`docker login\` or \`podman login\`.`,
  ...target,
});

function describe({ registry, repository, operation, status, code, said }: Failure): string {
  const where = repository === "" ? registry : `${registry}/${repository}`;
  const words = [
    status === undefined ? "" : String(status),
    code ?? "",
    said === undefined || said === "" ? "" : `“${said}”`,
  ].filter((word) => word !== "");
  return `cannot ${operation} ${where}${words.length === 0 ? "" : `: ${words.join(" ")}`}`;
}
