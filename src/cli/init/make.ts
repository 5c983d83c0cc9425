import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { locatePath } from "../../base/locate.ts";
import { findNearest } from "../../base/nearest.ts";
import { notEmpty, templateUnknown } from "../errors.ts";
import { drawFruits } from "./fruits.ts";
import { drawScenes } from "./scenes.ts";
import { drawShapes } from "./shapes.ts";

export interface MadeProject {
  name: string;
  template: string;
  folder: string;
  /** How many were written. */
  files: number;
}

interface Template {
  summary: string;
  /** Files of `data/` that are made, not shipped. */
  draw?: () => { path: string; content: Uint8Array | string }[];
}

/** A folder of templates/ for each. */
export const templates: Readonly<Record<string, Template>> = {
  image: { summary: "classify images by a small convolutional network", draw: () => drawShapes(100, 1) },
  text: { summary: "tell what texts are about, by the words in them" },
  tabular: {
    summary: "classify rows of numbers by a forest of trees",
    draw: () => [{ path: "fruits.csv", content: drawFruits(75, 1) }],
  },
  detector: {
    summary: "find objects in images, by a small network that learns from boxes",
    draw: () => drawScenes(600, 1),
  },
  api: { summary: "answer requests by code of your own, without a model" },
};

/** Writes a project into a new or an empty folder; refuses any other and then writes nothing. */
export function makeProject(options: { folder: string; template: string; name: string | undefined }): MadeProject {
  const { folder, template } = options;
  const chosen = templates[template];
  const known = Object.keys(templates);
  if (chosen === undefined) throw templateUnknown({ seen: template, known, nearest: findNearest(template, known) });
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => name !== ".git") : [];
  if (found.length > 0) throw notEmpty({ path: folder, found });
  const name = toName(options.name ?? basename(folder));
  const files = [
    ...readTemplate(template, name),
    ...(chosen.draw?.() ?? []).map(({ path, content }) => ({ path: `data/${path}`, content })),
  ];
  for (const { path, content } of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    // Never over a file that appeared meanwhile.
    writeFileSync(target, content, { flag: "wx" });
  }
  return { name, template, folder, files: files.length };
}

function readTemplate(template: string, name: string): { path: string; content: string }[] {
  const folder = locatePath(import.meta.url, `../../../templates/${template}`, `../templates/${template}`);
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return found
    .map(({ name: file, parentPath }) => relative(folder, join(parentPath, file)))
    .map((path) => ({
      // npm leaves .gitignore out of packages.
      path: path === "gitignore" ? ".gitignore" : path,
      content: readFileSync(join(folder, path), "utf8").replaceAll("{{name}}", name),
    }));
}

/** A folder's name as a project's: lower case, `-` for what does not belong. */
function toName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return name === "" ? "my-model" : name.slice(0, 64).replace(/-$/, "");
}
