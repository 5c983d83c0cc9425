import type { ErrorMaker } from "../../base/errors.ts";
import * as http from "../../http/errors.ts";
import * as pixels from "../../pixels/errors.ts";
import * as serve from "../errors.ts";

export interface ListedProblem {
  code: string;
  status: number;
}

/** Every problem that an answer of this service can name, by code. */
export function listProblems(): ListedProblem[] {
  const makers = [http, pixels, serve].flatMap((room) => Object.values(room) as unknown[]).filter(isMaker);
  return makers
    .map(({ code, definition }) => ({ code, status: definition.status ?? 500 }))
    .filter(({ status, code }) => status !== 499 && !startOnly.has(code))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

/** These end the start of the server, so no caller sees them. */
const startOnly = new Set([
  serve.portTaken.code,
  serve.addressUnusable.code,
  serve.settingInvalid.code,
  serve.routeTaken.code,
  serve.appInvalid.code,
  serve.credentialsMissing.code,
]);

function isMaker(value: unknown): value is ErrorMaker<object> {
  return typeof value === "function" && "code" in value && "definition" in value;
}
