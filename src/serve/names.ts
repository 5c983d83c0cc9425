/** @file What protocols call the model. */
import { hexOf } from "../base/digest.ts";
import { modelUnknown, versionUnknown } from "./errors.ts";
import type { ServedModel } from "./model.ts";
import type { Service } from "./service.ts";

/** The name to show. */
export function modelNameOf({ project }: Pick<Service, "project">): string {
  return project.serve?.modelName ?? project.name;
}

/** Throws `modelUnknown`. The project's and the artifact's own names are understood too. */
export function checkModelName(name: string, { project, host }: Service): void {
  const shown = modelNameOf({ project });
  const known = [shown, project.name, host?.current.artifact.name];
  if (!known.includes(name)) throw modelUnknown({ name, wanted: shown });
}

/** Throws `versionUnknown`: there is one version, the one that serves. Its digest, or that without its kind, is understood too. */
export function checkVersion(version: string, { version: served, artifact }: ServedModel): void {
  const { digest } = artifact;
  if (![served, digest, hexOf(digest)].includes(version))
    throw versionUnknown({ version: version.slice(0, 100), wanted: served });
}

/** The path's parts, decoded; without the query. */
export function pathParts(url: string): string[] {
  return url
    .split("?", 1)[0]!
    .split("/")
    .slice(1)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part; // no valid escape: it is no name that anything has
      }
    });
}
