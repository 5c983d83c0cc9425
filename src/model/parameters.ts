/** @file Finds parameters by the names and shapes that a network's plan gives them. */

import { product } from "../graph/build.ts";
import { parameterMismatch } from "./errors.ts";
import type { NamedValues } from "./initial.ts";
import type { ParameterShape } from "./network.ts";

/** Refuses a parameter that is missing, or of another shape: one of other layers. */
export function findParameter(wanted: ParameterShape, given: readonly NamedValues[]): NamedValues {
  const found = given.find(({ name }) => name === wanted.name);
  const fits = found?.shape.join() === wanted.shape.join() && found.data.length === product(wanted.shape);
  if (found !== undefined && fits) return found;
  const seen = found === undefined ? "missing" : `[${found.shape.join(", ")}] with ${found.data.length} values`;
  throw parameterMismatch({ what: wanted.name, seen, wanted: `[${wanted.shape.join(", ")}]` });
}
