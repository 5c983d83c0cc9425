import { STATUS_CODES } from "node:http";
import { findSlipwayError, type SlipwayError } from "../base/errors.ts";
import { internalFault } from "./errors.ts";

/** An error as RFC 9457 wants it. `type` leads to the table of problems in the service's own /docs. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  mend: string;
  wanted: string;
}

export const problemType = "application/problem+json";

/** An error of the catalogue as it is; anything else becomes a 500 that gives nothing away. `instance` names the request. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known = toCallersError(error);
  const { wanted } = known.details;
  return {
    type: `/docs#${known.code}`,
    title: STATUS_CODES[known.status] ?? "Client Closed Request",
    status: known.status,
    detail: known.message,
    instance: `urn:slipway:request:${requestId}`,
    code: known.code,
    mend: known.mend,
    wanted: typeof wanted === "string" ? wanted : known.mend,
  };
}

/** What the caller may see of it: nothing that is not from the catalogue. */
export function toCallersError(error: unknown): SlipwayError {
  return findSlipwayError(error) ?? internalFault({ wanted: "an answer without a fault" }, { cause: error });
}
