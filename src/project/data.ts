/** @file `--data`: other images than the project file names, for this once. */
import { resolve } from "node:path";
import { idx } from "../data/index.ts";
import { isUrl } from "../data/file/url.ts";
import { dataNotReplaced } from "./errors.ts";
import type { Project } from "./types.ts";

/**
 * The project with its images taken from two IDX files, `<images>,<labels>`: paths (relative to where the command runs) or http(s)
 * addresses. The project's lock is of other data, so it is left alone. Throws `dataNotReplaced`.
 */
export function replaceData(project: Project, places: string | undefined): Project {
  if (places === undefined) return project;
  const { definition } = project;
  const [images = "", labels = "", ...more] = places.split(",").map((place) => place.trim());
  const refuse = (why: string): Error => dataNotReplaced({ name: definition.name, why });
  if (images === "" || labels === "" || more.length > 0)
    throw refuse(`--data is ${JSON.stringify(places)}, wanted <images>,<labels>`);
  if (definition.data?.kind !== "imageFolder" && definition.data?.kind !== "idx")
    throw refuse(
      `its data come from ${definition.data === undefined ? "nowhere" : `${definition.data.kind}()`}, wanted images`,
    );
  const place = (path: string): string => (isUrl(path) ? path : resolve(path));
  const data = idx({ images: place(images), labels: place(labels) });
  return { ...project, definition: { ...definition, data }, unlocked: true };
}
