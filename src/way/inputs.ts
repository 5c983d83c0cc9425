/**
 * @file The inputs of a run as one digest: the same inputs are not trained twice. They are the dataset's content, the trainer
 * with all its settings, and for a program of the user's own the files beside it. Settings of the gate, the server and the
 * deployment do not take part: a new port trains nothing.
 */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { digestOf, digestOfJson, type Digest } from "../base/digest.ts";
import type { Dataset } from "../data/types.ts";
import { requireTraining } from "../project/training.ts";
import type { Project } from "../project/types.ts";
import { projectTooLarge } from "./errors.ts";

export async function digestInputs(
  project: Project,
  dataset: Pick<Dataset, "digest" | "folder" | "source">,
): Promise<Digest> {
  const { name, train } = requireTraining(project.definition);
  const code = train.kind === "command" ? await digestCode(project.root, dataset.folder) : undefined;
  // Where a file of weights lies does not matter, only what is in it.
  if (train.kind === "weights")
    return digestOfJson({ name, dataset: dataset.digest, trainer: { ...train, source: undefined } });
  // The source's settings decide what the files become; of IDX files all of it is in the digest already, wherever they lie. A loader's
  // code does not count: its rows do, by the dataset's digest.
  const source = dataset.source.kind === "idx" ? { kind: "idx" } : dataset.source;
  return digestOfJson({ name, dataset: dataset.digest, source, trainer: train, code });
}

/** What a trainer's program may read beside the data: small enough to digest at each `up`. */
const mostFiles = 5000;
/** Made by tools, not by people. */
const leftOut =
  /^(?:\..*|node_modules|__pycache__|venv|dist|slipway\.config\.ts|slipway\.lock\.json|.*\.(?:md|pyc|log))$/;

async function digestCode(root: string, data: string): Promise<Digest> {
  const digests: Record<string, Digest> = {};
  for (const path of await listCode(root, data))
    digests[relative(root, path).split(sep).join("/")] = digestOf(await readFile(path));
  return digestOfJson(digests);
}

/** All files of the project's folder but its data, its dot folders, and what tools made: what a trainer's command may read. Throws `projectTooLarge`. */
export async function listCode(root: string, data: string): Promise<string[]> {
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (leftOut.test(entry.name) || path === data) continue;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) files.push(path);
      if (files.length > mostFiles) throw projectTooLarge({ root, limit: mostFiles });
    }
  };
  await walk(root);
  return files;
}
