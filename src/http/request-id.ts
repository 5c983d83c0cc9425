import { randomBytes } from "node:crypto";

const accepted = /^[\w.:/+=@-]{1,128}$/;
const prefix = randomBytes(6).toString("hex");
let count = 0;

/**
 * The caller's own x-request-id where it is harmless in logs and headers, else a new one: unique to the process by random
 * prefix, to the request by number. (A UUID each costs more than the rest of the headers together.)
 */
export function toRequestId(header: string | string[] | undefined): string {
  return typeof header === "string" && accepted.test(header) ? header : `${prefix}-${(count++).toString(36)}`;
}
