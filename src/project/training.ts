/** @file The two kinds of project: those that train a model, and those whose routes are all there is. */
import { projectTrainsNothing } from "./errors.ts";
import type { ProjectDefinition } from "./types.ts";

export type TrainedDefinition = ProjectDefinition & Required<Pick<ProjectDefinition, "data" | "train">>;

/** Narrows a definition to one with data and a trainer. */
export function isTrained(definition: ProjectDefinition): definition is TrainedDefinition {
  return definition.data !== undefined && definition.train !== undefined;
}

/** For commands that make no sense without a model. Throws `projectTrainsNothing`. */
export function requireTraining(definition: ProjectDefinition): TrainedDefinition {
  if (isTrained(definition)) return definition;
  throw projectTrainsNothing({ name: definition.name });
}
