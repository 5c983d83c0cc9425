import { existsSync, realpathSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { digestOf, hexOf } from "../base/digest.ts";
import { SlipwayError } from "../base/errors.ts";
import { writeWhole } from "../base/files.ts";
import { bundleProject } from "./bundle.ts";
import { projectFolderMissing, projectInvalid, projectNoDefault, projectNotFound, projectThrew } from "./errors.ts";
import type { Project, ProjectDefinition } from "./types.ts";
import { findFaults } from "./validate.ts";

const configName = "slipway.config.ts";

/**
 * Reads a project from its folder or the path of its config. Writes `.slipway/app/<digest>.mjs`, the file that the server
 * loads. Throws `projectNotFound`, `projectSyntax`, `projectThrew`, `projectInvalid` with all faults at once.
 */
export async function loadProject(folderOrConfigPath: string): Promise<Project> {
  const configPath = realpathSync(findConfig(resolve(folderOrConfigPath)));
  const root = dirname(configPath);
  const { code, digest: codeDigest } = await bundleProject(root, configPath);
  const appPath = await writeApp(root, code);
  const { default: definition } = await importApp(appPath, configPath);
  return { root, configPath, definition: addData(validate(definition, configPath)), codeDigest, appPath };
}

/** The config of the folder itself, or of the nearest folder above it: commands work from a subfolder too. */
export function findConfig(path: string): string {
  if (!existsSync(path)) throw projectFolderMissing({ path });
  if (statSync(path).isFile()) return path;
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(join(folder, configName))) return join(folder, configName);
    if (dirname(folder) === folder) throw projectNotFound({ path });
  }
}

/** A reader never meets half a file; what is there already is left alone. */
async function writeApp(root: string, code: string): Promise<string> {
  const folder = join(root, ".slipway", "app");
  const path = join(folder, `${hexOf(digestOf(code), 16)}.mjs`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  // Everything below .slipway can be made again: version control leaves it out, in a folder without a .gitignore too.
  await writeFile(join(root, ".slipway", ".gitignore"), "*\n");
  await writeWhole(path, code);
  return path;
}

async function importApp(appPath: string, configPath: string): Promise<{ default?: unknown }> {
  const mapped = process.sourceMapsEnabled;
  process.setSourceMapsEnabled(true);
  try {
    return (await import(pathToFileURL(appPath).href)) as { default?: unknown };
  } catch (error) {
    throw toProjectError(error, configPath);
  } finally {
    process.setSourceMapsEnabled(mapped);
  }
}

/** The bundle carries its own copy of the error class, so an error of ours is known by its shape. */
function toProjectError(error: unknown, configPath: string): SlipwayError {
  const at = findPlace(error, dirname(configPath));
  if (error instanceof Error && "code" in error && "mend" in error && String(error.code).startsWith("SLIPWAY_")) {
    const { code, mend, status, exit, details } = error as SlipwayError;
    const message = at === undefined ? error.message : `${at}: ${error.message}`;
    return new SlipwayError({ code, message, mend, status, exit, details, cause: error });
  }
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return projectThrew({ path: configPath, reason, ...(at !== undefined && { at }) }, { cause: error });
}

/** `slipway.config.ts:7:3`: the topmost place of the stack that is the user's. */
function findPlace(error: unknown, root: string): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const [, path = "", line, column] of stack.matchAll(/\(?((?:file:\/\/)?\/[^()\n]+?):(\d+):(\d+)\)?/g)) {
    const file = relative(root, path.startsWith("file:") ? fileURLToPath(path) : path);
    if (!file.startsWith("..") && !file.startsWith(".slipway") && !file.includes("node_modules"))
      return `${file}:${line}:${column}`;
  }
  return undefined;
}

/** Weights that were trained elsewhere are the project's data: what reads, locks and sends data treats them as any other. */
function addData(definition: ProjectDefinition): ProjectDefinition {
  return definition.train?.kind === "weights" ? { ...definition, data: definition.train.source } : definition;
}

function validate(definition: unknown, configPath: string): ProjectDefinition {
  if (typeof definition !== "object" || definition === null) {
    const seen = definition === undefined ? "missing" : definition === null ? "null" : `a ${typeof definition}`;
    throw projectNoDefault({ path: basename(configPath), seen });
  }
  const faults = findFaults(definition);
  if (faults.length > 0) throw projectInvalid({ path: basename(configPath), faults });
  return definition as ProjectDefinition;
}
