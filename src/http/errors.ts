import { defineError } from "../base/errors.ts";

/* Everything a caller of the server can do wrong before a model is asked. `wanted` is shown as such in problem+json. */

export const routeUnknown = defineError<{ method: string; path: string; wanted: string }>(
  "SLIPWAY_HTTP_ROUTE_UNKNOWN",
  {
    message: ({ method, path }) => `there is no ${method} ${path} here`,
    mend: () => "GET /index names what this service answers; GET /docs describes it.",
    status: 404,
  },
);

export const methodNotAllowed = defineError<{ method: string; path: string; allow: string; wanted: string }>(
  "SLIPWAY_HTTP_METHOD_NOT_ALLOWED",
  {
    message: ({ method, path }) => `${path} does not answer ${method}`,
    mend: ({ allow }) => `Send ${allow} instead.`,
    status: 405,
  },
);

export const requestMalformed = defineError<{ why: string; wanted: string }>("SLIPWAY_HTTP_REQUEST_MALFORMED", {
  message: ({ why }) => `the request is no valid HTTP: ${why}`,
  mend: () => "Send it with an HTTP client; check the address and the headers.",
  status: 400,
});

export const headersTooLarge = defineError<{ wanted: string }>("SLIPWAY_HTTP_HEADERS_TOO_LARGE", {
  message: ({ wanted }) => `the request's headers are too long; wanted ${wanted}`,
  mend: () => "Send fewer or shorter headers (cookies are the usual cause).",
  status: 431,
});

export const requestTimeout = defineError<{ wanted: string }>("SLIPWAY_HTTP_REQUEST_TIMEOUT", {
  message: ({ wanted }) => `the request did not arrive in time; wanted ${wanted}`,
  mend: () => "Send it again over a steadier connection, or send a smaller file.",
  status: 408,
});

export const bodyTooLarge = defineError<{ seen: string; limit: number; wanted: string }>(
  "SLIPWAY_HTTP_BODY_TOO_LARGE",
  {
    message: ({ seen, limit }) => `the body has ${seen} bytes; this service takes at most ${limit}`,
    mend: () => "Send a smaller file, or raise SLIPWAY_MAX_BODY_BYTES on the server.",
    status: 413,
  },
);

export const contentTypeUnsupported = defineError<{ seen: string; wanted: string }>(
  "SLIPWAY_HTTP_CONTENT_TYPE_UNSUPPORTED",
  {
    message: ({ seen, wanted }) => `the body is ${seen}; wanted ${wanted}`,
    mend: () => "Send the file as a form: curl -F field=@path does.",
    status: 415,
  },
);

export const multipartMalformed = defineError<{ why: string; wanted: string }>("SLIPWAY_HTTP_MULTIPART_MALFORMED", {
  message: ({ why }) => `the form cannot be read: ${why}`,
  mend: () => "Let the client write the form (curl -F, FormData): it sets the boundary, and ends the body with it.",
  status: 400,
});

export const partsTooMany = defineError<{ limit: number; wanted: string }>("SLIPWAY_HTTP_PARTS_TOO_MANY", {
  message: ({ limit }) => `the form has more than ${limit} parts`,
  mend: ({ wanted }) => `Send ${wanted}.`,
  status: 400,
});

export const fieldMissing = defineError<{ field: string; seen: readonly string[]; wanted: string }>(
  "SLIPWAY_HTTP_FIELD_MISSING",
  {
    message: ({ field, seen }) =>
      seen.length === 0
        ? `the form is empty; wanted a file in the field "${field}"`
        : `the form has ${seen.map((name) => JSON.stringify(name)).join(", ")}; wanted a file in the field "${field}"`,
    mend: ({ field }) => `Name the field "${field}": curl -F ${field}=@path.`,
    status: 400,
  },
);

export const fieldRepeated = defineError<{ field: string; wanted: string }>("SLIPWAY_HTTP_FIELD_REPEATED", {
  message: ({ field }) => `the form has more than one "${field}"`,
  mend: () => "Send one file a request; requests are batched inside the server.",
  status: 400,
});

export const fieldEmpty = defineError<{ field: string; wanted: string }>("SLIPWAY_HTTP_FIELD_EMPTY", {
  message: ({ field }) => `the file in the field "${field}" has 0 bytes`,
  mend: () => "Check the path and that the file was written to its end.",
  status: 400,
});

/** Nobody reads this one: the caller is gone. It is counted as 499, as nginx does. */
export const callerLeft = defineError<{ wanted: string }>("SLIPWAY_HTTP_CALLER_LEFT", {
  message: () => "the caller closed the connection before the answer",
  mend: () => "Nothing to do here; look at the caller's time-outs.",
  status: 499,
});

export const bodiesTooMany = defineError<{ wanted: string }>("SLIPWAY_HTTP_BODIES_TOO_MANY", {
  message: () => "the server holds as many uploads in memory as it may",
  mend: () => "Wait for the time in Retry-After, then send it again.",
  status: 503,
});

export const internalFault = defineError<{ wanted: string }>("SLIPWAY_HTTP_INTERNAL", {
  message: () => "the server failed at this request; the cause is in its log under the request's id",
  mend: () => "Look for the x-request-id of this answer in the server's log.",
  status: 500,
});
