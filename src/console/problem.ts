import { findSlipwayError, messageOf, type SlipwayError } from "../base/errors.ts";
import type { Problem } from "./api.ts";
import { consoleFault } from "./errors.ts";

/** Who looks at the console is its user: what failed is said as it is. */
export function toConsoleError(error: unknown): SlipwayError {
  const reason = messageOf(error);
  return findSlipwayError(error) ?? consoleFault({ reason }, { cause: error });
}

export function toProblem(error: unknown): Problem {
  const { code, message, mend } = toConsoleError(error);
  return { code, message, mend };
}
