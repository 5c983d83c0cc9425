/** @file `--weights`: other weights than the project file names, for this once. */
import { resolve } from "node:path";
import { isUrl } from "../data/file/url.ts";
import { weightsNotUsed } from "../train/errors.ts";
import type { Project } from "./types.ts";

/**
 * The project with its weights taken from `place`, a path (relative to where the command runs) or an http(s) address. What the project
 * says of their size and digest, and the lock, hold for them too. Throws `weightsNotUsed`.
 */
export function replaceWeights(project: Project, place: string | undefined): Project {
  if (place === undefined) return project;
  const { definition } = project;
  const { name, train } = definition;
  if (train?.kind !== "weights")
    throw weightsNotUsed({ name, trainer: train === undefined ? "none" : `${train.kind}({…})` });
  const source = { ...train.source, path: isUrl(place) ? place : resolve(place) };
  return { ...project, definition: { ...definition, data: source, train: { ...train, source } } };
}
