import { findSlipwayError, SlipwayError } from "../base/errors.ts";

/** A project's bundle has its own copy of the error class, so what it throws of the catalogue is known by its shape. */
export function adoptError(error: unknown): SlipwayError | undefined {
  const known = findSlipwayError(error);
  if (known !== undefined || !(error instanceof Error) || !("mend" in error && "code" in error)) return known;
  const { code, message, mend, status, details } = error as SlipwayError;
  return code.startsWith("SLIPWAY_") ? new SlipwayError({ code, message, mend, status, details }) : undefined;
}
