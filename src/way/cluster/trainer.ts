/** @file The image that trains a project: what it is called, and how it is built. */
import { statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { hexOf } from "../../base/digest.ts";
import { silent, type Report } from "../../base/progress.ts";
import { buildTrainer } from "../../image/build-trainer.ts";
import type { BuildOptions } from "../../image/build.ts";
import type { CodeFile } from "../../image/parts/trainer.ts";
import { requireTraining } from "../../project/training.ts";
import type { Project } from "../../project/types.ts";
import type { PushableDataset } from "../dataset/push.ts";
import { listCode } from "../inputs.ts";
import type { ImagePlan } from "./publish.ts";

export interface TrainerPlanOptions extends Partial<Pick<BuildOptions, "base">> {
  report?: Report;
  /** Files of the dataset that travel in it. */
  layer?: PushableDataset | undefined;
}

/** Throws `projectTrainsNothing` where the project has nothing to train. */
export async function planTrainer(
  project: Project,
  { base = "host", report = silent, layer }: TrainerPlanOptions = {},
): Promise<ImagePlan> {
  const { name, train, data: source } = requireTraining(project.definition);
  const folder = "path" in source ? resolve(project.root, source.path) : project.root;
  const code = train.kind === "command" ? await describeCode(project.root, folder) : [];
  const data = (layer?.files ?? []).map(({ path }) => ({
    path,
    file: join(layer?.folder ?? "", path),
    executable: false,
  }));
  return {
    name,
    tag: tagTrainer(project),
    build: (platform) => buildTrainer(platform, { project, code, data, base, report }),
  };
}

export function tagTrainer({ codeDigest }: Pick<Project, "codeDigest">): string {
  return `train-${hexOf(codeDigest, 12)}`;
}

async function describeCode(root: string, data: string): Promise<CodeFile[]> {
  return (await listCode(root, data)).map((file) => ({
    path: relative(root, file).split(sep).join("/"),
    file,
    executable: (statSync(file).mode & 0o111) !== 0,
  }));
}
