import { SlipwayError } from "../base/errors.ts";
import { requestRefused } from "./errors.ts";
import type { BasicAuth, ColumnsBody, HandledRoute, ImageField, JsonBody, RouteRequest, TextField } from "./routes.ts";

/** A multipart field that holds an image file: JPEG, PNG or WebP. `input: { file: image() }`. */
export function image(): ImageField {
  return { kind: "image" };
}

/** A member of a JSON body that is a text. `input: { text: text() }` takes `{"text":"Hi"}`. */
export function text(): TextField {
  return { kind: "text" };
}

/** A JSON body whose members are the model's columns, or a list of such. `input: columns()`. */
export function columns(): ColumnsBody {
  return { kind: "columns" };
}

/** Any JSON body, for a route with `handle`. `check` gives the value, or throws: that is a 400 with its message. */
export function json<T = unknown>(check?: (value: unknown) => T): JsonBody<T> {
  return { kind: "json", ...(check !== undefined && { check }) };
}

/** A route with code of its own; here only so that `request.input` has the type that `input` gives. */
export function route<T = undefined>(
  definition: Omit<HandledRoute, "input" | "handle"> & {
    input?: JsonBody<T>;
    handle: (request: RouteRequest<T>) => unknown;
  },
): HandledRoute {
  return definition as unknown as HandledRoute;
}

/** Callers must give a name and a password. Without settings: those of SECRET_USERNAME and SECRET_PASSWORD. `serve: { auth: basic() }`. */
export function basic(settings: Omit<BasicAuth, "kind"> = {}): BasicAuth {
  return { kind: "basic", ...settings };
}

/** An error for the caller, to be thrown by a handler: `throw refuse("threshold must be from 0 to 1")`. Status 400 by default. */
export function refuse(
  message: string,
  { status = 400, wanted = "" }: { status?: number; wanted?: string } = {},
): Error {
  const { code, mend, details } = requestRefused({ message, wanted });
  return new SlipwayError({ code, message, mend, status, details });
}

/** An answer that is not just JSON with status 200. */
export interface Reply {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, with the content type of `headers` or text/plain; everything else as JSON. */
  body: unknown;
}

/** Marks answers across bundles: a project's bundle has its own copy of this module. */
export const replyMark = "slipway.reply";

export function reply(answer: Reply): Reply {
  return Object.assign({ [replyMark]: true }, answer);
}
