import type * as z from "zod";
import { requestInvalid } from "./errors.ts";

/** Throws `requestInvalid` with every fault and where it is. */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw requestInvalid({
    faults: error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)),
  });
}
