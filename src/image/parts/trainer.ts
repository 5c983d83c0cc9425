/** @file The training program of a pod. It stands on the server's runtime: the native parts are the same, and travel once. */
import { existsSync } from "node:fs";
import { locatePath } from "../../base/locate.ts";
import { bundleMissing } from "../errors.ts";
import type { TarEntry } from "../tar/entry.ts";
import { fileEntry } from "../tar/file-entry.ts";
import { appFolder } from "./runtime.ts";

/** In the image. The package's own folder is the one above: versions are read from there. */
const folder = `${appFolder}/dist`;
export const trainerPath = `${folder}/job.js`;
/** Where the project's own files lie, for commands that read them. */
export const codeFolder = `${appFolder}/project`;
/** Where the dataset lies, when no registry carries it: from the root. */
export const dataFolder = `/${appFolder}/data`;

/** By their names in the image: the program looks for the others beside itself. */
const programs = {
  "job.js": "job.js",
  "train-worker.js": "job-worker.js",
  "forest-worker.js": "job-forest-worker.js",
  "kernels.wasm": "kernels.wasm",
} as const;

/** Throws `bundleMissing`. */
export async function collectTrainer(): Promise<TarEntry[]> {
  return Promise.all(
    Object.entries(programs).map(async ([name, built]) => {
      const path = locatePath(import.meta.url, `../../../dist/${built}`, built);
      if (!existsSync(path)) throw bundleMissing({ path });
      return fileEntry(`${folder}/${name}`, path);
    }),
  );
}

export interface CodeFile {
  /** Relative to the project's folder. */
  path: string;
  /** On this machine. */
  file: string;
  executable: boolean;
}

/** `below`: where they lie in the image. */
export async function collectFiles(files: readonly CodeFile[], below: string): Promise<TarEntry[]> {
  return Promise.all(
    files.map(({ path, file, executable }) => fileEntry(`${below}/${path}`, file, executable ? 0o755 : 0o644)),
  );
}
